import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { acquireRunLock } from '../local/lock.ts';

let cache: string;

before(async () => {
  cache = await mkdtemp(join(tmpdir(), 'demo-'));
});
after(() => rm(cache, { recursive: true }));

/** Runs the demo with a cache of its own and returns its exit code and output. */
function runDemo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const demo = join(import.meta.dirname, 'cli.ts');
  return new Promise((resolve) => {
    const options = { env: { ...process.env, TRIBUTARY_CACHE: cache } };
    execFile(process.execPath, [demo, ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

test('a second demo names the process of the running one and exits with 1', async () => {
  const lock = acquireRunLock(join(cache, 'run', 'demo', 'lock'));
  try {
    const { code, stdout, stderr } = await runDemo('--once');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, new RegExp(`already running as process ${process.pid}`));
    assert.doesNotMatch(stderr, /^\s+at /m);
  } finally {
    lock.release();
  }
});

test('an invalid option is reported in one sentence, and exits with 2', async () => {
  for (const [args, sentence] of [
    [['--limit', 'many'], /argument 'many' is invalid/],
    [['--rate', '0'], /Expected a whole number above 0/],
    [['--dataset', 'netflix'], /Allowed choices are completejourney, ml-100k/],
    [['--items', 'goods.csv'], /--items and --mapping need --actions/],
  ] as const) {
    const { code, stderr } = await runDemo(...args);
    assert.equal(code, 2);
    assert.match(stderr, sentence);
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});

test('unusable files of the user are reported in one sentence', async () => {
  const { code, stderr } = await runDemo('--actions', 'absent.csv');
  assert.equal(code, 1);
  assert.match(stderr, /absent\.csv/);
  assert.doesNotMatch(stderr, /^\s+at /m);
});

test('--help lists the options and the environment variables', async () => {
  const { code, stdout } = await runDemo('--help');
  assert.equal(code, 0);
  for (const name of [
    '--once',
    '--json',
    '--dataset',
    '--limit',
    '--mapping',
    'KAFKA_BROKERS',
    'TRIBUTARY_PROPOSERS',
  ]) {
    assert.ok(stdout.includes(name), name);
  }
});
