/** A Redis Cluster on this machine. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { PartLocations } from './parts.mjs';
import { freePort } from './ports.ts';
import type { ManagedProcess, Supervisor } from './processes.ts';
import { answersPing } from './servers.ts';

const SLOTS = 16_384;
const POLL_MS = 100;
const READY_TIMEOUT_MS = 120_000;

export interface RedisCluster {
  /** URL of the first node, by which the others are found. */
  readonly url: string;
  readonly ports: readonly number[];
  process(node: number): ManagedProcess | undefined;
  /** Starts a node that has ended again, on the data that it has on disk. */
  restart(node: number): Promise<void>;
}

/**
 * Starts primaries that share the slots evenly and have no replicas, and resolves when each of them knows all. A node writes every
 * command to disk, so that it may be killed and started again.
 */
export async function startRedisCluster(
  supervisor: Supervisor,
  { server }: PartLocations['redis'],
  data: string,
  primaries: number,
): Promise<RedisCluster> {
  const ports: number[] = [];
  const buses: number[] = [];
  for (let node = 0; node < primaries; node++) {
    ports.push(await freePort());
    buses.push(await freePort());
  }
  const nameOf = (node: number): string => `redis-${node + 1}`;
  const start = (node: number): Promise<ManagedProcess> => {
    const folder = join(data, String(node + 1));
    mkdirSync(folder, { recursive: true });
    return supervisor.start({
      name: nameOf(node),
      command: server,
      args: [
        ...['--bind', '127.0.0.1', '--port', String(ports[node]), '--dir', folder],
        ...['--cluster-enabled', 'yes', '--cluster-port', String(buses[node])],
        ...['--cluster-require-full-coverage', 'yes', '--cluster-node-timeout', '15000'],
        ...[
          '--save',
          '',
          '--appendonly',
          'yes',
          '--appendfsync',
          'always',
          '--maxmemory-policy',
          'noeviction',
        ],
      ],
      isReady: () => answersPing(ports[node]!),
    });
  };
  await Promise.all(ports.map((_, node) => start(node)));
  await joinNodes(ports, buses);
  return {
    url: `redis://127.0.0.1:${ports[0]}`,
    ports,
    process: (node) => supervisor.processes.find(({ name }) => name === nameOf(node)),
    restart: async (node) => void (await start(node)),
  };
}

/** Divides the slots, and makes the nodes known to each other. */
async function joinNodes(ports: readonly number[], buses: readonly number[]): Promise<void> {
  const nodes = ports.map((port) => new Redis(port, '127.0.0.1'));
  try {
    for (const [node, redis] of nodes.entries()) {
      const from = Math.floor((SLOTS * node) / ports.length);
      const to = Math.floor((SLOTS * (node + 1)) / ports.length) - 1;
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', from, to);
      if (node > 0) await redis.call('CLUSTER', 'MEET', '127.0.0.1', ports[0]!, buses[0]!);
    }
    const deadline = performance.now() + READY_TIMEOUT_MS;
    for (;;) {
      const infos = await Promise.all(nodes.map((redis) => redis.call('CLUSTER', 'INFO')));
      const isWhole = (info: unknown): boolean =>
        /^cluster_state:ok/m.test(String(info)) &&
        new RegExp(`^cluster_known_nodes:${ports.length}\\b`, 'm').test(String(info));
      if (infos.every(isWhole)) return;
      if (performance.now() > deadline)
        throw new Error(`the Redis Cluster is not whole: ${String(infos[0])}`);
      await delay(POLL_MS);
    }
  } finally {
    for (const redis of nodes) redis.disconnect();
  }
}
