import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('./cli.ts', import.meta.url));

test('a missing or unknown name lists the benches and exits with 1', () => {
  for (const args of [[], ['wards'], ['ward', 'twice']]) {
    const { status, stderr } = spawnSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /These are known:\n {2}ward +Ward's clustering/);
  }
});

test('an unknown option is reported by name, without a stack', () => {
  const { status, stderr } = spawnSync(process.execPath, [CLI, 'ward', '--jsno'], { encoding: 'utf8' });
  assert.equal(status, 1);
  assert.match(stderr, /^\nUnknown option '--jsno'/);
  assert.doesNotMatch(stderr, /\n {4}at /);
});

test('a world of the bench of the live path that is too small, or no size, is refused before anything starts', () => {
  for (const world of ['10x10', 'many']) {
    const given = [CLI, 'live', '--worlds', world];
    const { status, stderr } = spawnSync(process.execPath, given, { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /--worlds must be users and items, at least 1000x1000, such as 1000x10000, not "/);
  }
});
