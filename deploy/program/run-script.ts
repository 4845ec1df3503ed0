import { join } from 'node:path';
import { runForeground } from '../local/foreground.mjs';
import { PROJECT } from '../local/parts.mjs';
import type { ScriptRun } from './registry.ts';

/** Runs a script of the project on this terminal, after the bootstrap has installed its parts, and takes its exit code. */
export async function runProjectScript(
  { script, parts }: ScriptRun,
  words: readonly string[],
): Promise<void> {
  const only = parts === undefined ? [] : ['--only', parts.join(','), '--quiet'];
  const bootstrap = join(PROJECT, 'deploy', 'local', 'bootstrap.mjs');
  process.exitCode = await runForeground(process.execPath, [
    bootstrap,
    ...only,
    '--run',
    script,
    '--',
    ...words,
  ]);
}
