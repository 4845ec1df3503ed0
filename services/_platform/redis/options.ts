import type { RedisOptions } from 'ioredis';

/** Errors of a server that was a primary and is a replica now, or that is not ready: they end by a reconnection. */
export const MOMENTARY = /^(READONLY|LOADING|MASTERDOWN)\b/;

/** Time before an attempt to connect again, in milliseconds. */
export function retryDelayMs(attempt: number): number {
  return Math.min(50 * attempt, 1_000);
}

/** What every connection to a server does when it is lost. */
export const CONNECTION = {
  // Commands wait for the reconnection: a stage must stall rather than lose a write.
  maxRetriesPerRequest: null,
  retryStrategy: retryDelayMs,
  // 2 sends the command again after the reconnection.
  reconnectOnError: (error) => (MOMENTARY.test(error.message) ? 2 : false),
} as const satisfies RedisOptions;
