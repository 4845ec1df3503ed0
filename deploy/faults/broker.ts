import { parseArgs } from 'node:util';
import { runBrokerLoss } from './broker/run.ts';
import type { FaultOutcome } from './command.ts';
import { optionNumber } from './option-number.ts';
import { startFaultServers } from './servers.ts';

const HEAP = '320m';

/** Starts three brokers. `--actions` sets the least number of acknowledged actions, `--kills` that of killed brokers. */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = {
    actions: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '4' },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const servers = await startFaultServers({ nodes: 3, heap: HEAP });
  try {
    const result = await runBrokerLoss(servers, {
      actions: optionNumber('actions', values.actions),
      kills: optionNumber('kills', values.kills),
    });
    const isPassed = result.missing === 0 && result.windowDifferences === 0 && result.stopped === 0;
    return { figures: { ...result, bare: { ...result.bare } }, isPassed };
  } finally {
    await servers.stop();
  }
}
