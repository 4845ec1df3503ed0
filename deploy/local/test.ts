// `npm test`: the checks, then every test against one fresh stack.
//
//   npm test                     everything
//   npm test -- --unit           no stack, and no *.integration.test.ts
//   npm test -- bandit window    only the test files whose path contains one of the words, and no checks

import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
const FINISHED_FILES = new URL('./finished-files.ts', import.meta.url).href;

async function main(): Promise<number> {
  const { values, positionals: words } = parseArgs({
    options: { unit: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const files = testFiles().filter(
    (file) =>
      (words.length === 0 || words.some((word) => file.includes(word))) &&
      !(values.unit && isIntegration(file)),
  );
  if (files.length === 0)
    throw new SetupError(`No test file matches ${words.join(', ')}`, 'Give a word of a path');
  if (words.length === 0) {
    const failed = await runChecks();
    if (failed.length > 0)
      throw new SetupError(`Failed: ${failed.join(', ')}`, 'Fix these first; no test was run');
  }
  if (!files.some(isIntegration)) return runTests(files, {});
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

/** Runs the unit tests, then the integration tests, with a summary of each. @returns the exit code of the first that fails */
async function runTests(files: string[], stackEnv: NodeJS.ProcessEnv): Promise<number> {
  const namespace = `test-${randomBytes(4).toString('hex')}`;
  const env = { ...process.env, TRIBUTARY_NAMESPACE: namespace, ...stackEnv };
  const unit = await runFiles(
    files.filter((file) => !isIntegration(file)),
    [],
    env,
  );
  const integration = await runIntegration(files.filter(isIntegration), env);
  return unit || integration;
}

/**
 * A kafkajs connection that is closed while it opens may stay open, and would keep a finished test file running: so these
 * files are made to exit. Node loses the results of a file now and then that exits so; such a file runs again, without force.
 */
async function runIntegration(files: string[], env: NodeJS.ProcessEnv): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-test-results-'));
  try {
    const finishedFiles = join(folder, 'finished');
    const options = ['--test-force-exit', ...reporter(FINISHED_FILES, finishedFiles)];
    const exitCode = await runFiles(files, options, env);
    const finished = files.length === 0 ? [] : readFileSync(finishedFiles, 'utf8').split('\n');
    const lost = files.filter((file) => !finished.includes(join(PROJECT, file)));
    if (lost.length === 0) return exitCode;
    console.log(`\n▶ Again, because their results did not arrive: ${lost.join(', ')}`);
    return exitCode || (await runFiles(lost, [], env));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runFiles(files: string[], options: string[], env: NodeJS.ProcessEnv): Promise<number> {
  if (files.length === 0) return 0;
  const args = ['--test', '--test-concurrency=2', ...reporter('spec', 'stdout'), ...options, ...files];
  return runForeground(process.execPath, args, { cwd: PROJECT, env });
}

function reporter(name: string, destination: string): string[] {
  return [`--test-reporter=${name}`, `--test-reporter-destination=${destination}`];
}

function isIntegration(file: string): boolean {
  return file.endsWith('.integration.test.ts');
}

try {
  process.exitCode = await main();
} catch (error) {
  exitWithFailure(error);
}
