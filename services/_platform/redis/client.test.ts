import assert from 'node:assert/strict';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { createLogger } from '../observability/logger.ts';
import { waitFor } from '../testing/wait-for.ts';
import { connectRedis } from './client.ts';

/** A server that answers each command by `answerTo`, in the protocol of Redis. */
async function startServer(
  answerTo: (command: string) => string,
  at = 0,
): Promise<{ url: string; server: Server }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (data) => {
      // Each command is an array, whose first line begins with *.
      for (const command of String(data).split(/(?=\*\d+\r\n)/))
        socket.write(answerTo(command.toLowerCase()));
    });
  });
  server.on('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(at, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return { url: `redis://127.0.0.1:${port}`, server };
}

describe('the connection to Redis', () => {
  const servers: Server[] = [];
  const log = createLogger('test', 'silent');

  after(() => {
    for (const server of servers) server.close();
  });

  const settings = (policy: string): string =>
    `*4\r\n$9\r\nmaxmemory\r\n$3\r\n100\r\n$16\r\nmaxmemory-policy\r\n$${policy.length}\r\n${policy}\r\n`;

  function answering(special: (command: string) => string | undefined, at = 0) {
    return startServer((command) => {
      const answer = special(command);
      if (answer !== undefined) return answer;
      if (command.includes('info')) return '$0\r\n\r\n';
      if (command.includes('config')) return settings('noeviction');
      return '+OK\r\n';
    }, at);
  }

  it('a write that meets a replica is sent again after a reconnection, which is reported', async () => {
    let refusals = 2;
    const { url, server } = await answering((command) =>
      command.includes('hset') && refusals-- > 0
        ? "-READONLY You can't write against a read only replica.\r\n"
        : undefined,
    );
    servers.push(server);
    let reconnections = 0;
    const redis = await connectRedis({ url, log, onReconnected: () => void reconnections++ });
    assert.equal(await redis.hset('key', 'field', 'value'), 'OK');
    await waitFor(() => reconnections >= 2, { message: 'both reconnections' });
    redis.disconnect();
  });

  it('a server that evicts is refused, and one that hides its settings is not', async () => {
    const evicting = await answering((command) =>
      command.includes('config') ? settings('allkeys-lru') : undefined,
    );
    servers.push(evicting.server);
    await assert.rejects(connectRedis({ url: evicting.url, log }), { code: 'redis.evicts' });
    const managed = await answering((command) =>
      command.includes('config') ? '-ERR unknown command CONFIG\r\n' : undefined,
    );
    servers.push(managed.server);
    const redis = await connectRedis({ url: managed.url, log });
    redis.disconnect();
  });

  it('a server that is being started is waited for', async () => {
    const { url, server } = await answering(() => undefined);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    let warnings = 0;
    const telling = Object.assign(Object.create(log), { warn: () => void warnings++ });
    const connected = connectRedis({ url, log: telling });
    await waitFor(() => warnings > 0, { message: 'the first attempt has failed' });
    const started = await answering(() => undefined, port);
    servers.push(started.server);
    const redis = await connected;
    assert.equal(await redis.set('key', 'value'), 'OK');
    redis.disconnect();
  });

  it('a server that refuses the password is reported at once', async () => {
    const { url, server } = await answering((command) =>
      command.includes('auth') ? '-WRONGPASS invalid username-password pair\r\n' : undefined,
    );
    servers.push(server);
    const wrong = url.replace('redis://', 'redis://ann:wrong@');
    await assert.rejects(connectRedis({ url: wrong, log }), {
      code: 'redis.unreachable',
      message: /WRONGPASS/,
    });
  });

  it('an unreachable server is reported without the password', async () => {
    const url = 'redis://ann:secret@127.0.0.1:1';
    await assert.rejects(
      connectRedis({ url, log, waitMs: 0 }),
      (error: Error) => !JSON.stringify([error, error.message, error.stack]).includes('secret'),
    );
  });
});
