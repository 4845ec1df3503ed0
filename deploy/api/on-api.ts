import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exitWithFailure } from '../local/failure.ts';
import { type StackAddresses, startStack } from '../local/stack.ts';
import { type RunningApi, startApi } from './start-api.ts';

/** Stages behind a gateway, on servers of their own. */
export interface ApiRun {
  readonly api: RunningApi;
  /** Variables with which other programs find the servers. */
  readonly env: StackAddresses;
  /** An empty folder at first, which is deleted afterwards. */
  readonly runDirectory: string;
}

/**
 * Runs `work` beside running stages, and ends this process with its exit code when all is stopped. A failure ends it with a sentence.
 * @param name of the temporary folder
 */
export async function exitAfterApi(name: string, work: (running: ApiRun) => Promise<number>): Promise<void> {
  try {
    const runDirectory = mkdtempSync(join(tmpdir(), `tributary-${name}-`));
    const stack = await startStack({ runDirectory, onUnexpectedExit: exitWithFailure });
    try {
      const api = await startApi(stack.env, runDirectory, exitWithFailure);
      try {
        process.exitCode = await work({ api, env: stack.env, runDirectory });
      } finally {
        await api.stop();
      }
    } finally {
      await stack.stop();
      rmSync(runDirectory, { recursive: true, force: true });
    }
  } catch (error) {
    exitWithFailure(error);
  }
}
