import type { UserAction } from '#contracts/generated/records.ts';

/** The fields in which all purchases are alike. */
const PURCHASE = {
  type: 'buy',
  contextId: null,
  value: null,
  slateId: null,
  slot: null,
} satisfies Partial<UserAction>;

export const userIdOf = (user: number): string => `user-${user}`;

/** A purchase at `at`, ms, which also makes its event id. */
export function purchase(user: number, itemId: string, at: number): UserAction {
  return {
    ...PURCHASE,
    eventId: `visit-${at}`,
    userId: userIdOf(user),
    itemId,
    occurredAt: at,
    receivedAt: at,
  };
}
