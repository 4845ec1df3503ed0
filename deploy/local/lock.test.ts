import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { acquireRunLock } from './lock.ts';
import { folderOf } from './process-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'lock-'));
after(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'run.lock');
const LOCK_MODULE = join(import.meta.dirname, 'lock.ts');

describe('the run lock', () => {
  beforeEach(() => rmSync(path, { force: true }));

  it('is refused while its holder lives, with the folder of the holder and the command that stops it', () => {
    const lock = acquireRunLock(path);
    assert.throws(() => acquireRunLock(path), {
      name: 'RunLockedError',
      pid: process.pid,
      message:
        `It is already running as process ${process.pid} in ${process.cwd()} (lock ${path}). Stop that one first: ` +
        `kill ${process.pid}. For a second one beside it, set TRIBUTARY_CACHE to another folder, where all parts are installed again.`,
    });
    lock.release();
    acquireRunLock(path).release();
    assert.equal(existsSync(path), false);
  });

  it('names no folder of a process that it cannot look at', () => {
    assert.equal(folderOf(0), undefined);
  });

  it('is taken over from a process that has ended', () => {
    const script = `(await import(${JSON.stringify(LOCK_MODULE)})).acquireRunLock(${JSON.stringify(path)})`;
    const holder = spawnSync(process.execPath, ['--input-type=module', '-e', script]);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).pid, holder.pid);
    const lock = acquireRunLock(path);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).pid, process.pid);
    lock.release();
  });

  it('is taken over from a process whose id was reused by another process', () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, startTime: '1' }));
    acquireRunLock(path).release();
  });

  it('is released once, so that a second release does not remove the lock of the next holder', () => {
    const first = acquireRunLock(path);
    first.release();
    const second = acquireRunLock(path);
    first.release();
    assert.equal(existsSync(path), true);
    second.release();
  });

  it('is acquired by exactly one of several processes that find it stale at once', async () => {
    writeFileSync(path, JSON.stringify({ pid: process.ppid, startTime: '1' }));
    const script = `
      const { acquireRunLock } = await import(${JSON.stringify(LOCK_MODULE)});
      try { acquireRunLock(${JSON.stringify(path)}); console.log('taken'); }
      catch (error) { console.log(error.name); }
      process.stdin.resume();`;
    const rivals = Array.from({ length: 4 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['pipe', 'pipe', 'ignore'] }),
    );
    // Each process stays alive until all have answered, so that the winner is alive when the others try.
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
    assert.deepEqual(readdirSync(folder), ['run.lock'], 'no draft file is left');
  });
});
