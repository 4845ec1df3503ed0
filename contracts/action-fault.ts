import type { UserAction } from './generated/records.ts';
import { isId, MAX_FUTURE_MS, MAX_ID_BYTES } from './limits.ts';

/**
 * Why an action in the log cannot be applied; undefined when it can. The gateway refuses such actions, but the
 * topic is open to other producers. A time is judged against the acceptance that the message itself carries, so
 * that the verdict is a function of the log.
 */
export function actionFault(action: UserAction, key: string): string | undefined {
  for (const field of ['eventId', 'userId', 'itemId'] as const) {
    if (!isId(action[field])) return `${field} has not 1 to ${MAX_ID_BYTES} bytes`;
  }
  if (action.userId !== key) return `userId is ${action.userId}, but the message key is ${key}`;
  if (!Number.isSafeInteger(action.occurredAt) || action.occurredAt < 0) return 'occurredAt is no time';
  if (action.occurredAt > action.receivedAt + MAX_FUTURE_MS) {
    return 'occurredAt is more than five minutes after receivedAt';
  }
  return undefined;
}
