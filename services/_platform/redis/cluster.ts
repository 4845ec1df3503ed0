import { Cluster, type Redis } from 'ioredis';
import type { Logger } from 'pino';
import { TributaryError } from '#contracts/errors.ts';
import { CONNECTION, retryDelayMs } from './options.ts';
import type { RedisAddress } from './url.ts';

/** A node that is gone for good is known to be gone after so long, ms. */
const REFRESH_MS = 2_000;

/** Returns whether a server is a node of a Redis Cluster; false if it does not tell. */
export async function isClusterNode(redis: Redis): Promise<boolean> {
  const info = await redis.info('cluster').catch(() => '');
  return /^cluster_enabled:1/m.test(info);
}

/**
 * Connects to a cluster, whose nodes are found from one of them. Each node is waited for like a single server; once the others have
 * replaced it, its commands go to its successor.
 * @param options.onReconnected called after each new connection to a primary: the node, or its successor, may have lost writes
 * @returns a connection that takes the commands of a single server, if their keys share a slot
 * @throws TributaryError `config.invalid` for another database than 0
 */
export async function connectCluster(
  options: RedisAddress & { log: Logger; onReconnected: () => void },
): Promise<Redis> {
  const { host, port, db = 0, username, password, tls, log, onReconnected } = options;
  if (db !== 0)
    throw new TributaryError(
      'config.invalid',
      `REDIS_URL names the database ${db}, but a Redis Cluster has only the database 0: leave /${db} out`,
    );
  const cluster = new Cluster([{ host, port }], {
    lazyConnect: true,
    redisOptions: {
      ...CONNECTION,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
    },
    clusterRetryStrategy: retryDelayMs,
    clusterNodeRetryStrategy: retryDelayMs,
    slotsRefreshInterval: REFRESH_MS,
    slotsRefreshTimeout: REFRESH_MS,
    // A command waits for the end of a failover or a move of its slot, however long that takes.
    maxRedirections: Number.MAX_SAFE_INTEGER,
    // A certificate names the host.
    ...(tls === undefined ? {} : { dnsLookup: (name, done) => done(null, name) }),
  });
  cluster.on('node error', (error: Error, address: string) =>
    log.warn({ address, reason: error.message }, 'redis'),
  );
  cluster.on('error', (error: Error) => log.warn({ reason: error.message }, 'redis'));
  await cluster.connect();
  let primaries = addressesOf(cluster);
  const watched = new WeakSet<Redis>();
  const watch = (): void => {
    for (const node of cluster.nodes('master')) {
      if (watched.has(node)) continue;
      watched.add(node);
      node.on('ready', onReconnected);
    }
  };
  watch();
  cluster.on('+node', watch);
  cluster.on('refresh', () => {
    watch();
    const now = addressesOf(cluster);
    if (now === primaries) return;
    primaries = now;
    onReconnected();
  });
  // The two classes of ioredis share the commands, but no type.
  return cluster as unknown as Redis;
}

function addressesOf(cluster: Cluster): string {
  const addresses = cluster.nodes('master').map(({ options }) => `${options.host}:${options.port}`);
  return addresses.sort().join();
}

/** Returns a connection to each server that takes writes. */
export function primariesOf(redis: Redis): Redis[] {
  const connection: unknown = redis;
  return connection instanceof Cluster ? connection.nodes('master') : [redis];
}
