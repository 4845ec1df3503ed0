import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './process-identity.ts';
import { endAbandoned, type ProcessFailedError, type ProcessSpec, Supervisor } from './processes.ts';

const root = mkdtempSync(join(tmpdir(), 'processes-'));
after(() => rmSync(root, { recursive: true }));
let runDirectory: string;
beforeEach(() => {
  runDirectory = mkdtempSync(join(root, 'run-'));
});

const FOREVER = 'setInterval(() => {}, 1_000);';

function program(name: string, code: string, more: Partial<ProcessSpec> = {}): ProcessSpec {
  return { name, command: process.execPath, args: ['-e', code], ...more };
}

/** Readiness condition: the program has created this file. */
function flag(): { path: string; isReady: () => Promise<boolean> } {
  const path = join(runDirectory, 'flag');
  return { path, isReady: async () => existsSync(path) };
}

/** Code that creates the file in one step, with the id of the process that runs it. */
const raise = (path: string) =>
  `require('node:fs').writeFileSync('${path}.new', String(process.pid));
   require('node:fs').renameSync('${path}.new', '${path}');`;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await delay(10);
}

describe('a managed process', () => {
  it('resolves when it is ready, writes to its log and stops on SIGTERM', async () => {
    const { path, isReady } = flag();
    const supervisor = new Supervisor({ runDirectory });
    const managed = await supervisor.start(
      program('server', `console.log('hello'); ${raise(path)} ${FOREVER}`, { isReady }),
    );
    assert.equal(readFileSync(path, 'utf8'), String(managed.pid));
    assert.equal(readFileSync(managed.logFile, 'utf8'), 'hello\n');
    await managed.stop();
    assert.deepEqual(await managed.exited, { code: null, signal: 'SIGTERM' });
    assert.deepEqual(supervisor.processes, []);
    assert.deepEqual(readdirSync(join(runDirectory, 'pids')), []);
  });

  it('is killed at its deadline if it ignores SIGTERM', async () => {
    const { path, isReady } = flag();
    const supervisor = new Supervisor({ runDirectory });
    const code = `process.on('SIGTERM', () => {}); ${raise(path)} ${FOREVER}`;
    const managed = await supervisor.start(program('deaf', code, { isReady, stopTimeoutMs: 50 }));
    await supervisor.stop();
    assert.deepEqual(await managed.exited, { code: null, signal: 'SIGKILL' });
  });

  it('takes its own children with it when it stops', async () => {
    const { path, isReady } = flag();
    const inner = `${raise(path)} ${FOREVER}`;
    const code = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(inner)}]); ${FOREVER}`;
    const supervisor = new Supervisor({ runDirectory });
    await supervisor.start(program('family', code, { isReady }));
    const grandchild = identify(Number(readFileSync(path, 'utf8')))!;
    await supervisor.stop();
    await until(() => !isRunning(grandchild));
  });

  it('is reported with the last lines of its log if it exits before it is ready', async () => {
    const supervisor = new Supervisor({ runDirectory });
    const code = 'console.error("first"); console.error("no licence"); process.exit(3);';
    await assert.rejects(supervisor.start(program('server', code, { isReady: async () => false })), {
      name: 'ProcessFailedError',
      message: `server exited with code 3. The last lines of ${join(runDirectory, 'logs', 'server.log')}:\nfirst\nno licence`,
    });
  });

  it('is rejected if its command does not exist', async () => {
    const supervisor = new Supervisor({ runDirectory });
    const spec = { name: 'absent', command: join(runDirectory, 'absent'), args: [] };
    await assert.rejects(supervisor.start(spec), { code: 'ENOENT' });
  });

  it('is stopped and reported if it never becomes ready', async () => {
    const supervisor = new Supervisor({ runDirectory });
    const spec = program('slow', FOREVER, { isReady: async () => false, readyTimeoutMs: 20 });
    await assert.rejects(supervisor.start(spec), /^ProcessFailedError: slow was not ready after 0.02 s/);
    assert.deepEqual(supervisor.processes, []);
  });

  it('reports only exits that were not requested', async () => {
    const reported: ProcessFailedError[] = [];
    const supervisor = new Supervisor({ runDirectory, onUnexpectedExit: (error) => reported.push(error) });
    const asked = await supervisor.start(program('asked', FOREVER));
    asked.kill('SIGKILL');
    await asked.exited;
    const crashing = await supervisor.start(program('crashing', 'process.exit(9)'));
    await crashing.exited;
    await until(() => reported.length > 0);
    assert.deepEqual(
      reported.map(({ processName }) => processName),
      ['crashing'],
    );
  });

  it('does not start after its supervisor has stopped', async () => {
    const supervisor = new Supervisor({ runDirectory });
    await supervisor.stop();
    await assert.rejects(supervisor.start(program('late', FOREVER)), /late cannot start/);
  });
});

describe('a child process does not outlive its parent', () => {
  /** Starts a parent with one managed child; both are alive when the promise resolves. */
  async function family(then: string) {
    const { path } = flag();
    const script = join(runDirectory, 'parent.ts');
    writeFileSync(
      script,
      `import { existsSync } from 'node:fs';
       import { Supervisor } from ${JSON.stringify(join(import.meta.dirname, 'processes.ts'))};
       const supervisor = new Supervisor({ runDirectory: ${JSON.stringify(runDirectory)} });
       await supervisor.start({
         name: 'child',
         command: process.execPath,
         args: ['-e', ${JSON.stringify(`${raise(path)} ${FOREVER}`)}],
         isReady: async () => existsSync(${JSON.stringify(path)}),
       });
       console.log('started');
       ${then}`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(parent.stdout, 'data');
    const child = identify(Number(readFileSync(path, 'utf8')))!;
    const ended = once(parent, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
    return { parent, child, ended };
  }

  for (const [signal, code] of Object.entries({ SIGTERM: 143, SIGINT: 130, SIGHUP: 129 })) {
    it(`ends with a parent that receives ${signal}`, async () => {
      const { parent, child, ended } = await family('');
      parent.kill(signal as NodeJS.Signals);
      assert.deepEqual(await ended, [code, null]);
      assert.equal(isRunning(child), false);
    });
  }

  it('ends with a parent that fails with an uncaught error', async () => {
    const { parent, child, ended } = await family(
      `process.stdin.on('data', () => { throw new Error('defect'); });`,
    );
    parent.stdin.write('go');
    assert.deepEqual(await ended, [1, null]);
    await until(() => !isRunning(child));
  });

  it('ends after its parent was killed, as soon as the run directory is used again', async () => {
    const { parent, child, ended } = await family('');
    parent.kill('SIGKILL');
    await ended;
    assert.equal(isRunning(child), true);
    new Supervisor({ runDirectory });
    assert.equal(isRunning(child), false);
  });

  it('is not confused with an unrelated process that got its process id', () => {
    const pids = join(runDirectory, 'pids');
    mkdirSync(pids);
    const dead: ProcessIdentity = { pid: process.pid, startTime: '1' };
    writeFileSync(join(pids, 'child.json'), JSON.stringify({ process: dead, parent: dead }));
    endAbandoned(runDirectory);
    assert.deepEqual(readdirSync(pids), []);
  });
});
