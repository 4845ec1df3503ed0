// `npm test`: the checks, then every test against one fresh stack.
//
//   npm test                     everything
//   npm test -- --unit           no stack, and no *.integration.test.ts
//   npm test -- bandit window    only the test files whose path contains one of the words, and no checks

import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { runChecks } from './checks.ts';
import { exitWithFailure } from './failure.ts';
import { runForeground } from './foreground.mjs';
import { SetupError } from './parts/setup-error.mjs';
import { PROJECT } from './parts.mjs';
import { identify } from './process-identity.ts';
import { endAbandoned } from './processes.ts';
import { startStack } from './stack.ts';

const FOLDERS = ['contracts', 'deploy', 'services', 'topics'];

async function main(): Promise<number> {
  const { values, positionals: words } = parseArgs({
    options: { unit: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const files = testFiles().filter(
    (file) =>
      (words.length === 0 || words.some((word) => file.includes(word))) &&
      !(values.unit && file.endsWith('.integration.test.ts')),
  );
  if (files.length === 0)
    throw new SetupError(`No test file matches ${words.join(', ')}`, 'Give a word of a path');
  if (words.length === 0) {
    const failed = await runChecks();
    if (failed.length > 0)
      throw new SetupError(`Failed: ${failed.join(', ')}`, 'Fix these first; no test was run');
  }
  if (values.unit || files.every((file) => !file.endsWith('.integration.test.ts')))
    return runTests(files, {});
  return runAgainstStack(files);
}

function testFiles(): string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
      .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name))),
  ).sort();
}

async function runAgainstStack(files: string[]): Promise<number> {
  const runDirectory = freshRunDirectory();
  console.log('\n▶ Kafka, Schema Registry and Redis');
  const stack = await startStack({
    runDirectory,
    onUnexpectedExit: exitWithFailure,
  });
  try {
    return await runTests(files, { ...stack.env });
  } finally {
    await stack.stop();
  }
}

/** Each run has a folder of its own, named after its process; folders of killed runs are removed first. */
function freshRunDirectory(): string {
  for (const name of readdirSync(tmpdir())) {
    const [, pid] = /^tributary-test-(\d+)$/.exec(name) ?? [];
    if (!pid || identify(Number(pid))) continue;
    endAbandoned(join(tmpdir(), name));
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
  const runDirectory = join(tmpdir(), `tributary-test-${process.pid}`);
  mkdirSync(runDirectory);
  process.on('exit', () => rmSync(runDirectory, { recursive: true, force: true }));
  return runDirectory;
}

function runTests(files: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const namespace = `test-${randomBytes(4).toString('hex')}`;
  return runForeground(
    process.execPath,
    // A kafkajs connection that is closed while it opens may stay open, and would keep a finished test file running.
    ['--test', '--test-force-exit', '--test-concurrency=2', '--test-reporter=spec', ...files],
    {
      cwd: PROJECT,
      env: { ...process.env, TRIBUTARY_NAMESPACE: namespace, ...env },
    },
  );
}

try {
  process.exitCode = await main();
} catch (error) {
  exitWithFailure(error);
}
