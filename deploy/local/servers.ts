import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import type { PartLocations } from './parts.mjs';
import { freePort } from './ports.ts';
import type { Supervisor } from './processes.ts';

const REGISTRY_HEAP = '384m';

/** Starts Apicurio with its schemas in memory. @returns the base URL of its Schema Registry API */
export async function startRegistry(
  supervisor: Supervisor,
  { java, jar }: PartLocations['registry'],
  port: number,
): Promise<string> {
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  await supervisor.start({
    name: 'registry',
    command: java,
    args: [
      `-Xmx${REGISTRY_HEAP}`,
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xshare:auto',
      '-jar',
      jar,
    ],
    cwd: dirname(jar),
    env: {
      ...process.env,
      QUARKUS_HTTP_HOST: '127.0.0.1',
      QUARKUS_HTTP_PORT: String(port),
      QUARKUS_MANAGEMENT_HOST: '127.0.0.1',
      QUARKUS_MANAGEMENT_PORT: String(await freePort()),
      QUARKUS_LOG_LEVEL: 'WARN',
      // "sql" without a database address is an in-memory database.
      APICURIO_STORAGE_KIND: 'sql',
    },
    // A busy machine needs minutes; a registry that has ended is noticed at once.
    readyTimeoutMs: 300_000,
    isReady: async () => {
      const response = await fetch(`${url}/subjects`, { signal: AbortSignal.timeout(5_000) });
      return response.ok;
    },
  });
  return url;
}

/**
 * Starts a Redis that writes nothing to disk and rejects writes instead of evicting a user's state. @returns its URL
 */
export async function startRedis(
  supervisor: Supervisor,
  { server }: PartLocations['redis'],
  data: string,
  port: number,
): Promise<string> {
  mkdirSync(data, { recursive: true });
  await supervisor.start({
    name: 'redis',
    command: server,
    args: [
      ...['--bind', '127.0.0.1', '--port', String(port), '--dir', data],
      ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ],
    isReady: () => answersPing(port),
  });
  return `redis://127.0.0.1:${port}`;
}

/** Resolves to whether a Redis answers on a port. */
export function answersPing(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise<boolean>((resolve, reject) => {
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (reply) => resolve(reply.toString().startsWith('+PONG')));
    socket.once('error', reject);
  }).finally(() => socket.destroy());
}
