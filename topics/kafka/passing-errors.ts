import { setTimeout as delay } from 'node:timers/promises';

/** Errors of kafkajs that pass although kafkajs does not retry them: nobody answered for a while, or no coordinator was known yet. */
const PASSING: ReadonlySet<string> = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSLockTimeout',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSRequestTimeoutError',
  'KafkaJSTimeout',
]);

/**
 * Whether an error of kafkajs, or one that caused it, passes by itself when the brokers answer again. kafkajs wraps an error that it
 * gave up on in one that is not retriable.
 */
export function isPassing(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (PASSING.has(cause.name)) return true;
    if ('retriable' in cause && cause.retriable === true) return true;
  }
  return false;
}

/** Longer than a broker takes to become the leader of its partitions after a restart. */
const REPEATS = 20;
const PAUSE_MS = 500;

/**
 * Repeats work that failed with an error that passes: kafkajs gives up at once, for example, where a partition has no leader for a moment.
 * @throws the last error after 20 repeats, 10 s, and every other error at once
 */
export async function whilePassing<T>(work: () => Promise<T>, pauseMs = PAUSE_MS): Promise<T> {
  for (let repeat = 0; ; repeat++) {
    try {
      return await work();
    } catch (error) {
      if (repeat === REPEATS || !isPassing(error)) throw error;
      await delay(pauseMs);
    }
  }
}
