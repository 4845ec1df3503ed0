import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { TributaryError } from '#contracts/errors.ts';

/**
 * Creates a connection that pipelines the commands of one turn of the event loop, and waits for a server that
 * restarts.
 */
export async function connectRedis(options: {
  url: string;
  log: Logger;
  /** Called after each reconnection: the server may have lost writes, or be another one. */
  onReconnected?: () => void;
}): Promise<Redis> {
  const redis = new Redis(options.url, {
    enableAutoPipelining: true,
    lazyConnect: true,
    // Commands wait for the reconnection: a stage must stall rather than lose a write.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => Math.min(50 * attempt, 1_000),
  });
  redis.on('error', (error) => options.log.warn({ reason: error.message }, 'redis'));
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    throw new TributaryError('redis.unreachable', `${options.url}: ${(cause as Error).message}`, {
      cause,
      retryable: true,
    });
  }
  redis.on('ready', () => options.onReconnected?.());
  return redis;
}
