import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { claimPort, freePort } from './ports.ts';

it('a given port is used if nothing listens on it', async () => {
  const port = await freePort();
  assert.equal(await claimPort(port, 'kafka', 'TRIBUTARY_KAFKA_PORT'), port);
});

it('a port in use is reported together with the variable that changes it', async () => {
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await assert.rejects(claimPort(port, 'kafka', 'TRIBUTARY_KAFKA_PORT'), {
    name: 'PortInUseError',
    message:
      `Port ${port}, meant for kafka, is already in use. ` +
      'Stop the program that listens there, or set TRIBUTARY_KAFKA_PORT to a free port.',
  });
  server.close();
});
