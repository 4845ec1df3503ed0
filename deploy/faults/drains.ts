import { parseArgs } from 'node:util';
import { SetupError } from '../local/parts/setup-error.mjs';
import type { FaultOutcome } from './command.ts';
import { runDrains } from './drains/run.ts';
import { NEMESIS_STAGES } from './nemesis/world.ts';
import { optionNumber } from './option-number.ts';

const DIFFERENCES_SHOWN = 20;

/**
 * Sends SIGTERM to processes of each stage under load, `--terms` times a stage, one after the other. `--stages` names some of the
 * stages, `--copies` the processes of each. No request may fail.
 */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    terms: { type: 'string', default: '20' },
    copies: { type: 'string', default: '2' },
    stages: { type: 'string', default: NEMESIS_STAGES.join() },
    seed: { type: 'string', default: '7' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const stages = values.stages.split(',');
  const unknown = stages.find((stage) => !(NEMESIS_STAGES as readonly string[]).includes(stage));
  if (unknown !== undefined)
    throw new SetupError(
      `There is no stage "${unknown}" here`,
      `The stages are ${NEMESIS_STAGES.join(', ')}`,
    );
  const { differences, reasons, ...result } = await runDrains({
    seed: values.seed,
    terms: optionNumber('terms', values.terms),
    copies: optionNumber('copies', values.copies),
    stages,
    log: (line) => console.error(line),
  });
  for (const difference of differences.slice(0, DIFFERENCES_SHOWN)) console.error(`  ✗ ${difference}`);
  for (const [reason, count] of reasons) console.error(`  ✗ ${count} × ${reason}`);
  const { failedSlates, failedActions, crashes } = result;
  return {
    figures: { ...result, differences: differences.length },
    isPassed: differences.length === 0 && failedSlates + failedActions + crashes === 0,
  };
}
