import fc from 'fast-check';
import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { anAction, aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import type { ActionType, Slate, UserAction } from '#contracts/generated/records.ts';
import type { AttributionRules } from './attribution.ts';

export const RULES: AttributionRules = {
  windowMs: 100,
  clockToleranceMs: 20,
  receiptToleranceMs: 0,
  slateDelayMs: 30,
  slateMemoryMs: 200,
  weights: { ...DEFAULT_REWARDS, view: 0 },
};

export const START = 1_700_000_000_000;

/** A slate that shows the items; times are relative to START. */
export function someSlate(
  slateId: string,
  userId: string,
  servedAt: number,
  itemIds: readonly string[],
): Slate {
  return aSlate({
    slateId,
    userId,
    servedAt: START + servedAt,
    slots: itemIds.map((itemId, slot) => aSlot({ itemId, features: [1, slot / 3], score: 1 - slot })),
  });
}

/** An action; times are relative to START. By default the app has the clock of the gateway. */
export function someAction(
  userId: string,
  itemId: string,
  type: ActionType,
  occurredAt: number,
  receivedAt = occurredAt,
): UserAction {
  return anAction({ userId, itemId, type, occurredAt: START + occurredAt, receivedAt: START + receivedAt });
}

export interface Logs {
  readonly slates: readonly Slate[];
  readonly actions: readonly UserAction[];
}

const USERS = ['ann', 'bob', 'cid'];
const ITEMS = ['apple', 'bread', 'cheese'];

/**
 * Logs of one partition: slates out of order by less than the delay, some of them again at any time later, actions by any time
 * and any clock.
 */
export const logsWithCopies: fc.Arbitrary<Logs> = fc.record({
  slates: fc
    .array(
      fc.record({
        userId: fc.constantFrom(...USERS),
        servedAt: fc.nat(600),
        lateness: fc.nat(RULES.slateDelayMs - 1),
        items: fc.uniqueArray(fc.constantFrom(...ITEMS), { maxLength: 3 }),
        againAfter: fc.array(fc.nat(500), { maxLength: 1 }),
      }),
      { maxLength: 12 },
    )
    .map((drafts) =>
      drafts
        .flatMap(({ userId, servedAt, lateness, items, againAfter }, index) => {
          const slate = someSlate(`s${index}`, userId, servedAt, items);
          const readAt = servedAt + lateness;
          return [{ readAt, slate }, ...againAfter.map((ms) => ({ readAt: readAt + ms, slate }))];
        })
        .sort((a, b) => a.readAt - b.readAt)
        .map(({ slate }) => slate),
    ),
  actions: fc.array(
    fc
      .record({
        userId: fc.constantFrom(...USERS),
        itemId: fc.constantFrom(...ITEMS),
        type: fc.constantFrom<ActionType>('buy', 'message', 'save', 'click', 'view', 'hide'),
        occurredAt: fc.nat(800),
        clockBehind: fc.integer({ min: -40, max: 60 }),
      })
      .map(({ userId, itemId, type, occurredAt, clockBehind }) =>
        someAction(userId, itemId, type, occurredAt, occurredAt + clockBehind),
      ),
    { maxLength: 40 },
  ),
});

/** The same without slates that are in the log again. */
export const logs = logsWithCopies.map(
  ({ slates, actions }): Logs => ({ slates: firstOfEachId(slates), actions }),
);

/** The definition at the top of attribution.ts, slot by slot, without any state. */
export function rewardsByDefinition(
  { slates, actions }: Logs,
  { windowMs, clockToleranceMs, receiptToleranceMs, weights }: AttributionRules,
): string[] {
  let newest = 0;
  const placed = actions.map((action) => {
    newest = Math.max(newest, action.occurredAt);
    return { ...action, streamTime: newest };
  });
  return firstOfEachId(slates)
    .flatMap(({ slateId, userId, servedAt, slots }) =>
      slots.map(({ itemId }, slot) => {
        const closesAt = servedAt + windowMs;
        const counting = placed.filter(
          (action) =>
            action.userId === userId &&
            action.itemId === itemId &&
            action.receivedAt + receiptToleranceMs > servedAt &&
            action.occurredAt >= servedAt - clockToleranceMs &&
            action.occurredAt <= closesAt &&
            action.streamTime <= closesAt &&
            weights[action.type] !== 0,
        );
        const largest = Math.max(...counting.map(({ type }) => weights[type]));
        const earning = counting.find(({ type }) => weights[type] === largest);
        return earning === undefined
          ? `${slateId}/${slot}: 0`
          : `${slateId}/${slot}: ${largest} by ${earning.type} after ${Math.max(0, earning.occurredAt - servedAt)}`;
      }),
    )
    .sort();
}

/** The slates that have slots: the first of each id. The lateness of these logs is far below what is remembered. */
function firstOfEachId(slates: readonly Slate[]): Slate[] {
  const seen = new Set<string>();
  return slates.filter(({ slateId }) => !seen.has(slateId) && seen.add(slateId));
}
