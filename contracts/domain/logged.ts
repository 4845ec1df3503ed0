/** A record as it stands in the log, with the parts of its message that its validity depends on. */
import type { Fault } from '../fault.ts';

export interface Logged<V> {
  readonly value: V;
  readonly key: string;
  /** Kafka's timestamp of the message, in milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Returns the fault of a record of a user under the key of another; undefined if the key is that of the user. */
export function keyFault(userId: string, key: string): Fault | undefined {
  if (userId === key) return undefined;
  return { code: 'message.key', field: 'userId', reason: `is ${userId}, but the message key is ${key}` };
}
