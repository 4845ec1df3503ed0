import fc from 'fast-check';
import { DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { anAction, aSlate, aSlot } from '#contracts/domain/records.testing.ts';
import {
  ACTION_TYPES,
  type ActionType,
  type Reward,
  type Slate,
  type UserAction,
} from '#contracts/generated/records.ts';
import type { AttributionRules } from './attribution.ts';
import { MAIN_OBJECTIVE } from './objectives.ts';

export const RULES: AttributionRules = {
  windowMs: 100,
  clockToleranceMs: 20,
  receiptToleranceMs: 0,
  slateDelayMs: 30,
  slateMemoryMs: 200,
  objectives: [{ name: MAIN_OBJECTIVE, factor: 1, weights: { ...DEFAULT_REWARDS, view: 0 } }],
  teachesSilence: false,
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
  change: Partial<Pick<UserAction, 'slateId' | 'slot'>> = {},
): UserAction {
  const times = { occurredAt: START + occurredAt, receivedAt: START + receivedAt };
  return anAction({ userId, itemId, type, ...times, ...change });
}

/** The impression of a slot, as the app reports it when it is received. */
export function someImpression(
  { slateId, userId, slots }: Slate,
  slot: number,
  occurredAt: number,
): UserAction {
  const { itemId } = slots[slot]!;
  return someAction(userId, itemId, 'impression', occurredAt, occurredAt, { slateId, slot });
}

/** A reward in one line, without what it copies from its slate. */
export function rewardLine({
  slateId,
  slot,
  reward,
  actionType,
  delay,
  exposure,
}: Pick<Reward, 'slateId' | 'slot' | 'reward' | 'actionType' | 'delay' | 'exposure'>): string {
  const earned = actionType === null ? '0' : `${reward} by ${actionType} after ${delay}`;
  return `${slateId}/${slot}: ${earned}, ${exposure}`;
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
        type: fc.constantFrom<ActionType>('buy', 'message', 'save', 'click', 'view', 'hide', 'impression'),
        occurredAt: fc.nat(800),
        clockBehind: fc.integer({ min: -40, max: 60 }),
        // Some name a slate of theirs, of another user, without the item, or of no log.
        slateId: fc.option(
          fc.nat(13).map((index) => `s${index}`),
          { nil: null },
        ),
        slot: fc.option(fc.nat(3), { nil: null }),
      })
      .map(({ userId, itemId, type, occurredAt, clockBehind, slateId, slot }) =>
        someAction(userId, itemId, type, occurredAt, occurredAt + clockBehind, {
          slateId,
          slot: slateId === null ? null : slot,
        }),
      ),
    { maxLength: 40 },
  ),
});

/** The same without slates that are in the log again. */
export const logs = logsWithCopies.map(
  ({ slates, actions }): Logs => ({ slates: firstOfEachId(slates), actions }),
);

/** The definition at the top of attribution.ts, action by action, without any state. Returns sorted lines. */
export function rewardsByDefinition({ slates, actions }: Logs, rules: AttributionRules): string[] {
  const { windowMs, clockToleranceMs, receiptToleranceMs, objectives, teachesSilence } = rules;
  const joined = firstOfEachId(slates);
  const paid = joined.map(({ slots }) => slots.map(() => new Map<ActionType, number>()));
  let streamTime = 0;
  for (const action of actions) {
    streamTime = Math.max(streamTime, action.occurredAt);
    const { type, slateId, slot: named } = action;
    if (type !== 'impression' && objectives.every(({ weights }) => weights[type] === 0)) continue;
    const isInTime = (slate: Slate, received: boolean): boolean =>
      received &&
      action.occurredAt >= slate.servedAt - clockToleranceMs &&
      Math.max(action.occurredAt, streamTime) <= slate.servedAt + windowMs;
    const holds = ({ userId, slots }: Slate): boolean =>
      userId === action.userId && slots.some(({ itemId }) => itemId === action.itemId);
    const its = joined.findIndex(
      (slate) =>
        slate.slateId === slateId &&
        holds(slate) &&
        isInTime(
          slate,
          action.receivedAt >= slate.servedAt - clockToleranceMs ||
            action.receivedAt + receiptToleranceMs > slate.servedAt,
        ),
    );
    let place = its;
    for (const [index, slate] of joined.entries())
      if (
        its === -1 &&
        holds(slate) &&
        isInTime(slate, action.receivedAt + receiptToleranceMs > slate.servedAt) &&
        (place === -1 || slate.servedAt >= joined[place]!.servedAt)
      )
        place = index;
    const slate = joined[place];
    if (slate === undefined) continue;
    const isNamed = slate.slateId === slateId && slate.slots[named ?? -1]?.itemId === action.itemId;
    const slot = isNamed ? named! : slate.slots.findIndex(({ itemId }) => itemId === action.itemId);
    const delay = Math.max(0, action.occurredAt - slate.servedAt);
    paid[place]![slot]!.set(type, Math.min(paid[place]![slot]!.get(type) ?? delay, delay));
  }
  return joined
    .flatMap(({ slateId, slots }, index) =>
      slots.map((_, slot) => {
        const acts = paid[index]!;
        const isSilent = acts.every(({ size }) => size === 0);
        const rest = acts.some((types) => types.has('impression'))
          ? 'unseen'
          : isSilent && !teachesSilence
            ? 'unknown'
            : 'assumed';
        const exposure = acts[slot]!.size > 0 ? 'seen' : rest;
        return rewardLine({ slateId, slot, exposure, ...bestOf(acts[slot]!, rules) });
      }),
    )
    .sort();
}

/** Of the main objective, the only one of these tests. */
function bestOf(
  acts: ReadonlyMap<ActionType, number>,
  { objectives }: AttributionRules,
): Pick<Reward, 'reward' | 'actionType' | 'delay'> {
  const { weights } = objectives[0]!;
  const [best] = [...acts]
    .filter(([type]) => weights[type] !== 0)
    .sort(
      ([a, first], [b, second]) =>
        weights[b] - weights[a] || first - second || ACTION_TYPES.indexOf(a) - ACTION_TYPES.indexOf(b),
    );
  if (best === undefined) return { reward: 0, actionType: null, delay: null };
  return { reward: weights[best[0]], actionType: best[0], delay: best[1] };
}

/** The slates that have slots: the first of each id. The lateness of these logs is far below what is remembered. */
function firstOfEachId(slates: readonly Slate[]): Slate[] {
  const seen = new Set<string>();
  return slates.filter(({ slateId }) => !seen.has(slateId) && seen.add(slateId));
}
