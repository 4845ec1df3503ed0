import { join } from 'node:path';
import { runForeground } from './foreground.mjs';
import { PROJECT } from './parts.mjs';

const BIN = join(PROJECT, 'node_modules', '.bin');

interface Check {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Printed when the check fails. */
  readonly hint?: string;
}

const CHECKS: readonly Check[] = [
  { name: 'types', command: join(BIN, 'tsc'), args: ['--project', '.'] },
  {
    name: 'lint and format',
    command: join(BIN, 'biome'),
    args: ['check', '--diagnostic-level=warn'],
    hint: '`npm run format` formats the files and fixes what can be fixed safely.',
  },
  { name: 'walls', command: process.execPath, args: ['deploy/walls/cli.ts'] },
  { name: 'generated files', command: process.execPath, args: ['deploy/generate/cli.ts', '--check'] },
];

/** Runs all checks that need no test, each with its own output. @returns the names of those that failed */
export async function runChecks(): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command, args, hint } of CHECKS) {
    console.log(`\n▶ ${name}`);
    if ((await runForeground(command, args, { cwd: PROJECT })) === 0) continue;
    failed.push(name);
    if (hint !== undefined) console.error(hint);
  }
  return failed;
}
