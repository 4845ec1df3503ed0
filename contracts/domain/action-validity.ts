/** Whether an action may count. */
import type { UserAction } from '../generated/records.ts';
import { isId, MAX_ID_BYTES } from './ids.ts';

/** How far the time of an action may lie ahead of the clock that accepts it, in milliseconds: five minutes. */
export const MAX_FUTURE_MS = 300_000;

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
  if (isFromTheFuture(action)) return 'occurredAt is more than five minutes after receivedAt';
  return undefined;
}

/** Whether an action names a time later than its acceptance allows. Counted, it would age everything else. */
export function isFromTheFuture({
  occurredAt,
  receivedAt,
}: Pick<UserAction, 'occurredAt' | 'receivedAt'>): boolean {
  return occurredAt > receivedAt + MAX_FUTURE_MS;
}
