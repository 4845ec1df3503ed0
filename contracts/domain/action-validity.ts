/**
 * The validity of an action: one set of rules for an action posted to the gateway and for a message of the log. The
 * verdict is a function of the message alone, so that every reader and every replay comes to the same one.
 */
import type { Fault } from '../fault.ts';
import type { UserAction } from '../generated/records.ts';
import { idFault, isEveryone } from './ids.ts';
import { keyFault, type Logged } from './logged.ts';
import { LIST_LIMITS } from './number-bounds.ts';
import { futureFault, timeFault } from './times.ts';

const ID_FIELDS = ['eventId', 'userId', 'itemId', 'contextId', 'slateId'] as const;

/** A slate has fewer slots than this. */
const MOST_SLOTS = LIST_LIMITS.slots;

/** An action as it stands in the log, or would stand there. */
export type LoggedAction = Logged<UserAction>;

/**
 * Returns the fault of an action that cannot be applied; undefined for a valid action. The topic is open to producers
 * other than the gateway, and the fields of a message are what its producer says. Only the timestamp is bounded, by the
 * clock of the broker (`message.timestamp.after.max.ms` of the topic), and so it bounds the time of the action.
 */
export function actionFault({ value, key, timestamp }: LoggedAction): Fault | undefined {
  for (const field of ID_FIELDS) {
    const id = value[field];
    const reason = id === null ? undefined : idFault(id);
    if (reason !== undefined) return { code: 'field.invalid', field, reason };
  }
  if (isEveryone(value.userId)) {
    return { code: 'user.reserved', field: 'userId', reason: 'is reserved: it stands for everyone' };
  }
  return (
    slotFault(value) ??
    timeFault('occurredAt', value.occurredAt) ??
    timeFault('receivedAt', value.receivedAt) ??
    futureFault('occurredAt', value.occurredAt, value.receivedAt, 'its acceptance') ??
    futureFault('occurredAt', value.occurredAt, timestamp, 'the timestamp of its message') ??
    keyFault(value.userId, key)
  );
}

/** A slot is a place in a slate, so it means nothing without the slate. */
function slotFault({ slateId, slot }: UserAction): Fault | undefined {
  if (slot === null) return undefined;
  const isPlace = Number.isInteger(slot) && slot >= 0 && slot < MOST_SLOTS;
  const reason = !isPlace
    ? `is ${slot}; it must be a whole number from 0 to ${MOST_SLOTS - 1}`
    : slateId === null
      ? 'is a place in a slate, so name the slate in slateId too'
      : undefined;
  return reason === undefined ? undefined : { code: 'field.invalid', field: 'slot', reason };
}

/** The timestamp that the gateway gives the message of an action: retention goes by event time. */
export function timestampOf({ occurredAt, receivedAt }: UserAction): number {
  // The broker refuses a whole request for one timestamp that is too far ahead of its clock.
  return Math.min(occurredAt, receivedAt);
}
