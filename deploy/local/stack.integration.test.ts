import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { Redis } from 'ioredis';
import { freePort } from './ports.ts';
import { identify, isRunning } from './process-identity.ts';
import { startStack } from './stack.ts';

const root = mkdtempSync(join(tmpdir(), 'stack-'));
after(() => rmSync(root, { recursive: true }));

/** With the other two servers replaced by addresses, a stack is one Redis and starts quickly. */
const { REDIS_URL: _, ...inherited } = process.env;
const environment = { ...inherited, KAFKA_BROKERS: '127.0.0.1:1', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1' };

it('a stack starts the servers that no address replaces, and starts again empty', async () => {
  const runDirectory = join(root, 'twice');
  const redis = await freePort();
  for (const _round of [1, 2]) {
    const stack = await startStack({ runDirectory, environment, ports: { redis } });
    assert.deepEqual(stack.env, {
      KAFKA_BROKERS: '127.0.0.1:1',
      SCHEMA_REGISTRY_URL: 'http://127.0.0.1:1',
      REDIS_URL: `redis://127.0.0.1:${redis}`,
    });
    assert.deepEqual(
      stack.processes.map(({ name }) => name),
      ['redis'],
    );
    const client = new Redis(stack.env.REDIS_URL);
    assert.equal(await client.dbsize(), 0);
    assert.deepEqual(await client.config('GET', 'maxmemory-policy'), ['maxmemory-policy', 'noeviction']);
    await client.set('window', 'of a user');
    await client.quit();
    await stack.stop();
  }
});

it('a port of the environment overrides one of the program, and must be free', async () => {
  const first = await startStack({ runDirectory: join(root, 'first'), environment });
  const taken = new URL(first.env.REDIS_URL).port;
  await assert.rejects(
    startStack({
      runDirectory: join(root, 'second'),
      environment: { ...environment, TRIBUTARY_REDIS_PORT: taken },
      ports: { redis: await freePort() },
    }),
    { name: 'PortInUseError' },
  );
  await first.stop();
});

it('a program that receives SIGTERM leaves no server behind', async () => {
  const script = join(root, 'program.ts');
  writeFileSync(
    script,
    `import { startStack } from ${JSON.stringify(join(import.meta.dirname, 'stack.ts'))};
     const stack = await startStack({ runDirectory: ${JSON.stringify(join(root, 'program'))} });
     console.log(stack.processes[0]?.pid);`,
  );
  const program = spawn(process.execPath, [script], {
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [printed] = (await once(program.stdout, 'data')) as [Buffer];
  const server = identify(Number(printed))!;
  program.kill('SIGTERM');
  assert.deepEqual(await once(program, 'exit'), [143, null]);
  assert.equal(isRunning(server), false);
});
