import { runForeground } from '../local/foreground.mjs';
import { PROJECT } from '../local/parts.mjs';

/**
 * Runs the tests of these files in the foreground, one file after the other.
 * @param env is added to the environment
 * @returns the exit code
 */
export function runTestFiles(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const options = ['--test', '--test-force-exit', '--test-concurrency=1', '--test-reporter=spec'];
  return runForeground(process.execPath, [...options, ...files], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
  });
}
