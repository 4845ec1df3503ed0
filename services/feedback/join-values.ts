import { changedHead, type Head, type HeadChange, requireReplaceable } from '#platform/kafka/held-state.ts';
import type { Earned, OpenSlot, PendingSlate, RecentAction, UserJoin } from './attribution.ts';
import {
  DUE_LIMIT,
  EMPTY_HEAD,
  type JoinChange,
  type JoinedTopic,
  type JoinFound,
  type JoinRequest,
  type PartitionHead,
  type QueuedReward,
  type ShownSlate,
} from './store.ts';

/** A slate that waits. */
interface HeldSlate {
  readonly closesAt: number;
  readonly shown: ShownSlate;
  readonly earned: ReadonlyMap<number, Earned>;
  readonly settled: ReadonlySet<number>;
}

/**
 * The state of one partition as values that are never changed, only replaced: what a store holds that has no database. Equal
 * inputs lead to equal values.
 */
export interface JoinValues {
  readonly head: PartitionHead;
  readonly topics: Readonly<Partial<Record<JoinedTopic, Head>>>;
  readonly clearedAt: number;
  readonly slates: ReadonlyMap<number, HeldSlate>;
  readonly actions: ReadonlyMap<number, { readonly userId: string; readonly action: RecentAction }>;
  readonly joined: ReadonlyMap<string, number>;
  readonly outbox: readonly QueuedReward[];
}

export const NO_JOIN_VALUES: JoinValues = {
  head: EMPTY_HEAD,
  topics: {},
  clearedAt: 0,
  slates: new Map(),
  actions: new Map(),
  joined: new Map(),
  outbox: [],
};

/** Answers a request as `JoinStore.read` does. */
export function findIn(values: JoinValues, request: JoinRequest): JoinFound {
  const users = new Map<string, UserJoin>();
  const shown = new Map<number, ShownSlate>();
  const userOf = (userId: string): UserJoin => {
    const user = users.get(userId) ?? { pending: [], recent: [] };
    users.set(userId, user);
    return user;
  };
  const closing = [...values.slates]
    .filter(([, { closesAt }]) => closesAt < request.closesBefore)
    .sort(([a, { closesAt }], [b, other]) => closesAt - other.closesAt || a - b)
    .slice(0, DUE_LIMIT);
  const whole = new Set([...closing.map(([offset]) => offset), ...request.offsets]);
  for (const offset of whole) {
    const held = values.slates.get(offset);
    if (held === undefined) continue;
    shown.set(offset, held.shown);
    userOf(held.shown.userId).pending.push(pendingOf(offset, held, true, () => true));
  }
  for (const [offset, held] of values.slates) {
    if (whole.has(offset)) continue;
    const pending = pendingOf(offset, held, false, ({ itemId, earned }) =>
      request.acted.some(
        (one) =>
          one.userId === held.shown.userId &&
          one.itemId === itemId &&
          (earned === null || earned.reward < one.reward),
      ),
    );
    if (pending.open.length > 0) userOf(pending.userId).pending.push(pending);
  }
  for (const { userId, action } of values.actions.values())
    if (request.shown.some((one) => one.userId === userId && one.itemIds.includes(action.itemId)))
      userOf(userId).recent.push(action);
  for (const { recent } of users.values()) recent.sort((a, b) => a.offset - b.offset);
  const joined = new Set(request.slateIds.filter((id) => values.joined.has(id)));
  return { users, shown, joined, mayHoldMore: closing.length === DUE_LIMIT };
}

function pendingOf(
  offset: number,
  { closesAt, shown, earned, settled }: HeldSlate,
  isWhole: boolean,
  isLoaded: (slot: OpenSlot) => boolean,
): PendingSlate {
  const { slateId, userId, servedAt } = shown;
  const open = shown.slots
    .map(({ itemId }, slot): OpenSlot => ({ slot, itemId, earned: earned.get(slot) ?? null }))
    .filter((slot) => !settled.has(slot.slot) && isLoaded(slot));
  return { offset, slateId: isWhole ? slateId : '', userId, servedAt, closesAt, isWhole, open };
}

/** @returns undefined if the values are of another version or incarnation */
export function changedValues(values: JoinValues, change: JoinChange): JoinValues | undefined {
  const { head } = change;
  const { incarnation } = values.head;
  if (values.head.version !== head.version - 1) return undefined;
  if (head.incarnation !== undefined && head.incarnation !== incarnation) return undefined;
  const erased = new Set(change.erased);
  const slates = new Map([...values.slates].filter(([, { shown }]) => !erased.has(shown.userId)));
  for (const { slate, shown } of change.slates)
    slates.set(slate.offset, { closesAt: slate.closesAt, shown, earned: new Map(), settled: new Set() });
  const alter = (offset: number, alteration: (held: HeldSlate) => Partial<HeldSlate>): void => {
    const held = slates.get(offset);
    if (held !== undefined) slates.set(offset, { ...held, ...alteration(held) });
  };
  for (const { slate, slot } of change.earned)
    alter(slate.offset, ({ earned }) => ({ earned: new Map([...earned, [slot.slot, slot.earned!]]) }));
  for (const { slate, slot } of change.settled)
    alter(slate.offset, ({ settled }) => ({ settled: new Set([...settled, slot]) }));
  for (const { slate } of change.closed) slates.delete(slate.offset);
  const actions = [
    ...[...values.actions].filter(([, { userId }]) => !erased.has(userId)),
    ...change.actions.map((one) => [one.action.offset, one] as const),
  ].filter(([, { action }]) => action.servedUntil > head.slatesUntil);
  return {
    ...values,
    head: { ...head, incarnation },
    topics: values.topics,
    slates,
    actions: new Map(actions),
    joined: new Map([...values.joined, ...change.joined].filter(([, until]) => until >= head.newestServedAt)),
    outbox: [...values.outbox, ...change.rewards].sort((a, b) => a.reward.sequence - b.reward.sequence),
  };
}

export function topicHeadIn({ head, topics }: JoinValues, topic: JoinedTopic): Head | undefined {
  const found = topics[topic];
  const isThere = found !== undefined || head.version > 0;
  if (!isThere) return undefined;
  return { offset: head[`${topic}Offset`], topicId: found?.topicId, incarnation: head.incarnation };
}

/** @throws StateLost if the change replaces another state */
export function withTopicHead(values: JoinValues, topic: JoinedTopic, change: HeadChange): JoinValues {
  requireReplaceable(values.head.incarnation, change);
  const next = changedHead(topicHeadIn(values, topic), { ...change, replaces: undefined });
  const { incarnation = values.head.incarnation } = change;
  const head = { ...values.head, incarnation };
  if (next === undefined) return { ...values, head };
  return {
    ...values,
    head: { ...head, [`${topic}Offset`]: next.offset },
    topics: { ...values.topics, [topic]: next },
  };
}
