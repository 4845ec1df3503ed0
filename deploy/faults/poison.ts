import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStack } from '../local/stack.ts';
import type { FaultOutcome } from './command.ts';
import { runCorpus } from './poison/run.ts';

/** Starts servers and stages, and sends them the corpus of poison. */
export async function run(): Promise<FaultOutcome> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-faults-'));
  const stack = await startStack({ runDirectory });
  Object.assign(process.env, stack.env);
  try {
    const result = await runCorpus();
    return { figures: { ...result }, isPassed: result.stopped === 0 && result.lettersOnce };
  } finally {
    await stack.stop();
    rmSync(runDirectory, { recursive: true, force: true });
  }
}
