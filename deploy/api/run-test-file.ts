import { runForeground } from '../local/foreground.mjs';
import { PROJECT } from '../local/parts.mjs';

/** Runs the tests of one file in the foreground. @param env is added to the environment @returns the exit code */
export function runTestFile(file: string, env: Readonly<Record<string, string>>): Promise<number> {
  return runForeground(process.execPath, ['--test', '--test-force-exit', '--test-reporter=spec', file], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
  });
}
