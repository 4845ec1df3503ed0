import { join } from 'node:path';
import { runForeground } from './foreground.mjs';
import { PROJECT } from './parts.mjs';

const BIN = join(PROJECT, 'node_modules', '.bin');

const CHECKS = [
  { name: 'types', command: join(BIN, 'tsc'), args: ['--project', '.'] },
  { name: 'lint and format', command: join(BIN, 'biome'), args: ['check', '--diagnostic-level=warn'] },
  { name: 'walls', command: process.execPath, args: ['deploy/walls/cli.ts'] },
  { name: 'generated files', command: process.execPath, args: ['deploy/generate/cli.ts', '--check'] },
];

/** Runs all checks that need no test, each with its own output. @returns the names of those that failed */
export async function runChecks(): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command, args } of CHECKS) {
    console.log(`\n▶ ${name}`);
    if ((await runForeground(command, args, { cwd: PROJECT })) !== 0) failed.push(name);
  }
  return failed;
}
