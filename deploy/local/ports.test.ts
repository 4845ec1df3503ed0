import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { claimPort, freePort } from './ports.ts';

it('a given port is used if nothing listens on it', async () => {
  const port = await freePort();
  assert.equal(await claimPort(port, 'kafka', 'TRIBUTARY_KAFKA_PORT'), port);
});

it('a port in use is reported together with the variable that changes it, and with those of the other ports', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await assert.rejects(claimPort(port, 'kafka', 'TRIBUTARY_KAFKA_PORT'), {
    name: 'PortInUseError',
    message:
      `Port ${port}, meant for kafka, is already in use. ` +
      'Stop the program that listens there, or set TRIBUTARY_KAFKA_PORT to a free port. If that program is another Tributary, ' +
      'its other ports are in use too: set all of TRIBUTARY_KAFKA_PORT, TRIBUTARY_REGISTRY_PORT, TRIBUTARY_REDIS_PORT, ' +
      'TRIBUTARY_GATEWAY_PORT.',
  });
  server.close();
});

it('no port is given twice while a process runs that asked for it', async () => {
  const mine = new Set(await Promise.all(Array.from({ length: 500 }, () => freePort())));
  assert.equal(mine.size, 500);
  const code = `
    import { freePort } from ${JSON.stringify(new URL('./ports.ts', import.meta.url).href)};
    console.log(JSON.stringify(await Promise.all(Array.from({ length: 500 }, () => freePort()))));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code]);
  const others = JSON.parse(stdout) as number[];
  assert.equal(others.length, 500);
  assert.deepEqual(
    others.filter((port) => mine.has(port)),
    [],
  );
});
