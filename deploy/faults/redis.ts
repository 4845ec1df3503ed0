import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStack } from '../local/stack.ts';
import type { FaultOutcome } from './command.ts';
import { optionNumber } from './option-number.ts';
import { emptyUnderLoad } from './redis/empty-under-load.ts';

/** Starts servers and stages, and empties Redis under load. `--users` sets the number of users, 10,000 by default. */
export async function run(args: readonly string[]): Promise<FaultOutcome> {
  const options = { users: { type: 'string', default: '10000' } } as const;
  const { values } = parseArgs({ args: [...args], options });
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-faults-'));
  const stack = await startStack({ runDirectory });
  Object.assign(process.env, stack.env);
  try {
    const result = await emptyUnderLoad(
      optionNumber('users', values.users),
      async (redis) => void (await redis.flushall()),
    );
    return { figures: { ...result }, isPassed: result.differences === 0 && result.failedRequests === 0 };
  } finally {
    await stack.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  }
}
