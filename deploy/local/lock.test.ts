import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { acquireRunLock } from './lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'run.lock');
const LOCK_MODULE = join(import.meta.dirname, 'lock.ts');

describe('the run lock', () => {
  beforeEach(() => rmSync(path, { force: true }));

  it('is refused while its holder lives, with what to do about it', () => {
    const lock = acquireRunLock(path);
    assert.throws(() => acquireRunLock(path), {
      name: 'RunLockedError',
      pid: process.pid,
      message: `It is already running as process ${process.pid} (lock ${path}). Stop that one first: kill ${process.pid}.`,
    });
    lock.release();
    acquireRunLock(path).release();
    assert.equal(existsSync(path), false);
  });

  it('of a process that has ended is taken over', () => {
    const script = `(await import(${JSON.stringify(LOCK_MODULE)})).acquireRunLock(${JSON.stringify(path)})`;
    const holder = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).pid, holder.pid);
    const lock = acquireRunLock(path);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).pid, process.pid);
    lock.release();
  });

  it('of a process whose id has gone to another one is taken over', () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, startTime: '1' }));
    acquireRunLock(path).release();
  });

  it('that was released is not released a second time from under the next holder', () => {
    const first = acquireRunLock(path);
    first.release();
    const second = acquireRunLock(path);
    first.release();
    assert.equal(existsSync(path), true);
    second.release();
  });

  it('goes to exactly one of several that find it stale at once', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, startTime: '1' }));
    const script = `
      const { acquireRunLock } = await import(${JSON.stringify(LOCK_MODULE)});
      try { acquireRunLock(${JSON.stringify(path)}); console.log('taken'); }
      catch (error) { console.log(error.name); }
      process.stdin.resume();`;
    const rivals = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    // Each stays until all have answered, so that the winner is alive when the others ask.
    const answers = await Promise.all(
      rivals.map(async ({ stdout }) => String((await once(stdout, 'data'))[0]).trim()),
    );
    assert.deepEqual(answers.sort(), ['RunLockedError', 'RunLockedError', 'RunLockedError', 'taken']);
    await Promise.all(
      rivals.map((rival) => {
        rival.stdin.end();
        return once(rival, 'exit');
      }),
    );
    assert.deepEqual(readdirSync(folder), ['run.lock'], 'no draft stays behind');
  });
});
