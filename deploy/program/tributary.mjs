#!/usr/bin/env node
// `tributary`: the program. The bootstrap installs the packages if they are missing, then runs it under the project's Node.

process.argv.splice(
  2,
  Number.POSITIVE_INFINITY,
  ...['--only', 'packages', '--quiet', '--run', 'deploy/program/cli.ts', '--'],
  ...process.argv.slice(2),
);
await import('../local/bootstrap.mjs');
