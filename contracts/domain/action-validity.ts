/** The validity of an action: the same rules for an action posted to the gateway and for one in the log. */
import type { Fault } from '../fault.ts';
import type { UserAction } from '../generated/records.ts';
import { idFault, isEveryone } from './ids.ts';

/** How far the time of an action may lie ahead of the clock that accepts it, in milliseconds: five minutes. */
export const MAX_FUTURE_MS = 300_000;

const ID_FIELDS = ['eventId', 'userId', 'itemId', 'contextId'] as const;

/** Returns the fault of an action that cannot be applied; undefined for a valid action. */
export function actionFault(action: UserAction): Fault | undefined {
  for (const field of ID_FIELDS) {
    const id = action[field];
    const reason = id === null ? undefined : idFault(id);
    if (reason !== undefined) return { code: 'field.invalid', field, reason };
  }
  if (isEveryone(action.userId)) {
    return { code: 'user.reserved', field: 'userId', reason: 'is reserved: it stands for everyone' };
  }
  const { occurredAt, receivedAt } = action;
  if (!Number.isSafeInteger(occurredAt) || occurredAt < 0) {
    return {
      code: 'field.invalid',
      field: 'occurredAt',
      reason: 'is not a time in whole milliseconds since 1970',
    };
  }
  if (isFromTheFuture(action)) {
    const ahead = Math.round((occurredAt - receivedAt) / 1_000);
    const reason = `is ${ahead} s ahead of its acceptance; five minutes are allowed`;
    return { code: 'time.future', field: 'occurredAt', reason };
  }
  return undefined;
}

/**
 * Returns the fault of an action that stands in the log under `key`; undefined for a valid action. The gateway rejects
 * faulty actions, but the topic is open to other producers. The time is compared with the acceptance that the message
 * itself carries, so that the verdict is a function of the log.
 */
export function loggedActionFault(action: UserAction, key: string): Fault | undefined {
  const fault = actionFault(action);
  if (fault !== undefined || action.userId === key) return fault;
  return {
    code: 'message.key',
    field: 'userId',
    reason: `is ${action.userId}, but the message key is ${key}`,
  };
}

/** Whether the time of an action is later than its acceptance allows. Such an action would age all others if it counted. */
export function isFromTheFuture({
  occurredAt,
  receivedAt,
}: Pick<UserAction, 'occurredAt' | 'receivedAt'>): boolean {
  return occurredAt > receivedAt + MAX_FUTURE_MS;
}
