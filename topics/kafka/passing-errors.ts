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
