import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import { redactUrl } from '#contracts/redact-url.ts';
import { connectCluster, isClusterNode, primariesOf } from './cluster.ts';
import { CONNECTION, MOMENTARY } from './options.ts';
import { parseRedisUrl } from './url.ts';

/** Least time for which a stage that starts waits for a server that is being started too, ms. */
export const REDIS_WAIT_MS = 20_000;
const RETRY_MS = 500;

/** The policy under which Redis refuses a write rather than drop state. */
const KEEP_ALL = 'noeviction';

/**
 * Creates a connection that pipelines the commands of one turn of the event loop, and waits for a server that
 * restarts or has become a replica. If the server is a node of a Redis Cluster, the connection is one to the cluster, which
 * takes every command whose keys share a slot.
 * @throws TributaryError `redis.unreachable`, `redis.evicts`, `config.invalid`
 */
export async function connectRedis(options: {
  url: string;
  log: Logger;
  /** Called after each reconnection: the server may have lost writes, or be another one. */
  onReconnected?: () => void;
  /** Time for which it waits for a server that does not answer, ms. Default 20,000. */
  waitMs?: number;
}): Promise<Redis> {
  const { url, log, onReconnected = () => undefined } = options;
  let redis = await firstConnection(options);
  try {
    if (await isClusterNode(redis)) {
      const node = redis;
      redis = await connectCluster({ ...parseRedisUrl(url), log, onReconnected });
      node.disconnect();
    } else redis.on('ready', onReconnected);
    for (const server of primariesOf(redis)) await requireNoEviction(server, log);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  return redis;
}

/** Tries again while no server answers; a server that refuses the connection, as for a wrong password, does so at once. */
async function firstConnection(options: { url: string; log: Logger; waitMs?: number }): Promise<Redis> {
  const { log, waitMs = REDIS_WAIT_MS } = options;
  const address = redactUrl(options.url);
  const until = performance.now() + waitMs;
  for (;;) {
    const redis = createClient(options.url);
    let last: Error | undefined;
    redis.on('error', (error) => {
      last = error;
      log.warn({ address, reason: error.message }, 'redis');
    });
    try {
      await redis.connect();
      return redis;
    } catch (cause) {
      redis.disconnect();
      const { name, message } = last ?? (cause as Error);
      const isRefused = name === 'ReplyError' && !MOMENTARY.test(message);
      if (isRefused || performance.now() >= until)
        throw new TributaryError('redis.unreachable', `${address}: ${message}`, { retryable: true });
      await delay(RETRY_MS);
    }
  }
}

function createClient(url: string): Redis {
  return new Redis({
    ...parseRedisUrl(url),
    ...CONNECTION,
    enableAutoPipelining: true,
    lazyConnect: true,
  });
}

async function requireNoEviction(redis: Redis, log: Logger): Promise<void> {
  let settings: Map<string, string>;
  try {
    const flat = (await redis.config('GET', 'maxmemory*')) as string[];
    settings = new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? '']] : [])));
  } catch (error) {
    const reason = reasonOf(error);
    log.warn({ reason }, 'cannot read the eviction policy of Redis; make sure that it is noeviction');
    return;
  }
  const fault = evictionFault(settings);
  if (fault !== undefined) throw new TributaryError('redis.evicts', fault);
}

/** @returns why the server may drop state; undefined if it does not */
export function evictionFault(settings: ReadonlyMap<string, string>): string | undefined {
  const policy = settings.get('maxmemory-policy') ?? KEEP_ALL;
  const bytes = Number(settings.get('maxmemory') ?? 0);
  if (policy === KEEP_ALL || bytes === 0) return undefined;
  return `maxmemory is ${bytes} bytes with maxmemory-policy ${policy}, so that Redis drops state when it is full`;
}
