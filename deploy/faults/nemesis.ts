import { parseArgs } from 'node:util';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { FaultOutcome } from './command.ts';
import { PROCESS_PLANTS } from './nemesis/plants.ts';
import { runNemesis } from './nemesis/run.ts';
import { optionNumber } from './option-number.ts';

const DIFFERENCES_SHOWN = 20;

/**
 * Starts servers and two processes of each stage, and hurts them. `--seed` chooses the faults, `--count` their number,
 * `--together` the most that overlap, `--kinds` which there are, such as kill,redis-empty. `--plant` puts
 * a bug into the stages, which the comparison must find.
 */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    seed: { type: 'string', default: '7' },
    count: { type: 'string', default: '100' },
    copies: { type: 'string', default: '2' },
    together: { type: 'string', default: '6' },
    kinds: { type: 'string' },
    plant: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { plant } = values;
  if (plant !== undefined && !Object.hasOwn(PROCESS_PLANTS, plant))
    throw new SetupError(
      `There is no plant "${plant}"`,
      `The plants are ${Object.keys(PROCESS_PLANTS).join(', ')}`,
    );
  const { differences, ...result } = await runNemesis({
    seed: values.seed,
    count: optionNumber('count', values.count),
    copies: optionNumber('copies', values.copies),
    together: optionNumber('together', values.together),
    seconds: [5, 15, 40],
    ...(values.kinds === undefined ? {} : { kinds: values.kinds.split(',') }),
    ...(plant === undefined ? {} : { plant }),
    log: (line) => console.error(line),
  });
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN)) console.error(`  ✗ ${difference}`);
  return {
    figures: { ...result, differences: differences.length },
    isPassed: differences.length === 0,
  };
}
