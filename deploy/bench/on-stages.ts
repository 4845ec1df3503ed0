import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { restoreEnvironment } from '../local/restore-environment.ts';
import { type Stack, startStack } from '../local/stack.ts';
import { openPath, type Path } from '../path/path.ts';

/**
 * Runs stages on servers of their own, passes them to `work`, and stops all of them, also after a failure.
 * @param prepare runs when the topics are there and before the stages start
 * @param patienceMs longest time until a stage is ready, and until all groups have caught up
 */
export async function onStages<T>(
  names: readonly string[],
  settings: Readonly<Record<string, string>>,
  work: (path: Path, servers: Stack) => Promise<T>,
  prepare: (namespace: TestNamespace) => Promise<void> = async () => {},
  patienceMs?: number,
): Promise<T> {
  const runDirectory = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const stack = await startStack({ runDirectory });
  const before = { ...process.env };
  Object.assign(process.env, stack.env);
  try {
    const path = await openPath(names, settings, ({ namespace }) => prepare(namespace), patienceMs);
    try {
      return await work(path, stack);
    } finally {
      await path.close();
    }
  } finally {
    await stack.stop();
    restoreEnvironment(Object.keys(stack.env), before);
    rmSync(runDirectory, { recursive: true, force: true });
  }
}
