import { parseArgs } from 'node:util';
import type { FaultOutcome } from './command.ts';
import { runNemesis } from './nemesis/run.ts';

const DIFFERENCES_SHOWN = 20;

/**
 * Starts servers and two processes of each stage, and hurts them. `--seed` chooses the faults, `--count` their number,
 * `--together` the most that overlap, `--kinds` which there are, such as kill,redis-empty.
 */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    seed: { type: 'string', default: '7' },
    count: { type: 'string', default: '100' },
    copies: { type: 'string', default: '2' },
    together: { type: 'string', default: '6' },
    kinds: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const { differences, ...result } = await runNemesis({
    seed: values.seed,
    count: Number(values.count),
    copies: Number(values.copies),
    together: Number(values.together),
    seconds: [5, 15, 40],
    ...(values.kinds === undefined ? {} : { kinds: values.kinds.split(',') }),
    log: (line) => console.error(line),
  });
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN)) console.error(`  ✗ ${difference}`);
  return {
    figures: { ...result, differences: differences.length },
    isPassed: differences.length === 0,
  };
}
