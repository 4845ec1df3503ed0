// Every npm script of this project starts here. The bootstrap installs the missing parts, then runs a TypeScript file
// under the project's own Node 22. It imports Node built-ins only, because a fresh clone has nothing else.
//
//   node deploy/local/bootstrap.mjs [--only PART,…] [--quiet] --run SCRIPT.ts [-- ARGUMENT…]

import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { runForeground, SIGNALS } from './foreground.mjs';
import { SetupError } from './parts/setup-error.mjs';
import { bringParts, DEFAULT_PARTS, PROJECT } from './parts.mjs';

async function main() {
  const { values, positionals } = parseArgs({
    options: { only: { type: 'string' }, quiet: { type: 'boolean' }, run: { type: 'string' } },
    allowPositionals: true,
  });
  const interrupted = (signal) => process.exit(128 + constants.signals[signal]);
  for (const signal of SIGNALS) process.on(signal, interrupted);
  await bringParts(values.only?.split(',') ?? DEFAULT_PARTS, { quiet: values.quiet ?? false });
  for (const signal of SIGNALS) process.off(signal, interrupted);
  if (!values.run) return;
  const script = resolve(PROJECT, values.run);
  process.exitCode = await runForeground(projectNode(), [script, ...positionals], {
    env: scriptEnvironment(),
  });
}

/** Environment of the script and of all processes that it starts. */
function scriptEnvironment() {
  // Silences two warnings: type stripping is announced as experimental, and tfjs-node uses a deprecated helper of
  // Node.
  const quiet = '--disable-warning=ExperimentalWarning --disable-warning=DEP0051';
  return {
    TF_CPP_MIN_LOG_LEVEL: '2',
    ...process.env,
    NODE_OPTIONS: [process.env.NODE_OPTIONS, quiet].filter(Boolean).join(' '),
    PATH: [join(PROJECT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  };
}

/** Returns the project's own Node 22 from npm, else this Node if it is a Node 22 that runs TypeScript by itself. */
function projectNode() {
  const own = join(PROJECT, 'node_modules', '.bin', 'node');
  if (existsSync(own)) return own;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major === 22 && minor >= 18) return process.execPath;
  throw new SetupError(
    `Node 22 is required: npm has no package of it for ${process.platform} on ${process.arch}, and this is Node ${process.versions.node}`,
    'Install Node 22.18 or a newer 22 and put it first on PATH',
  );
}

main().catch((error) => {
  // A failure that the user can fix is printed as one sentence; a defect is printed with its stack.
  console.error(error instanceof SetupError ? `\n${error.message}` : error);
  process.exit(1);
});
