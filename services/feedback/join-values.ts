import { changedHead, type Head, type HeadChange, requireReplaceable } from '#platform/kafka/held-state.ts';
import type { OpenSlot, PendingSlate, UserJoin } from './attribution.ts';
import type { Acts } from './objectives.ts';
import { paidUntil } from './redis-values.ts';
import {
  ACTION_LIMIT,
  DUE_LIMIT,
  EMPTY_HEAD,
  type JoinChange,
  type JoinedTopic,
  type JoinFound,
  type JoinRequest,
  type OwnedAction,
  type PartitionHead,
  type QueuedReward,
  type ShownSlate,
} from './store.ts';

/** A slate that waits. */
interface HeldSlate {
  readonly closesAt: number;
  readonly shown: ShownSlate;
  /** By slot. */
  readonly acts: ReadonlyMap<number, Acts>;
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
  readonly actions: ReadonlyMap<number, OwnedAction>;
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
  const due = [...values.actions.values()]
    .filter(({ action }) => action.until <= request.payUntil)
    .sort(({ action: a }, { action: b }) => a.until - b.until || a.offset - b.offset)
    .slice(0, ACTION_LIMIT);
  for (const { userId, action } of due) userOf(userId).recent.push(action);
  const acted = [...request.acted, ...due.map(({ userId, action: { itemId } }) => ({ userId, itemId }))];
  const closing = [...values.slates]
    .filter(([, { closesAt }]) => closesAt < request.closesBefore)
    .sort(([a, { closesAt }], [b, other]) => closesAt - other.closesAt || a - b)
    .slice(0, DUE_LIMIT);
  for (const [offset, held] of closing) {
    shown.set(offset, held.shown);
    userOf(held.shown.userId).pending.push(pendingOf(offset, held, true, () => true));
  }
  for (const [offset, held] of values.slates) {
    if (shown.has(offset)) continue;
    const { userId } = held.shown;
    const pending = pendingOf(offset, held, false, ({ itemId }) =>
      acted.some((one) => one.userId === userId && one.itemId === itemId),
    );
    if (pending.open.length > 0) userOf(userId).pending.push(pending);
  }
  const last = due.length < ACTION_LIMIT ? undefined : due.at(-1)!.action.until;
  return {
    users,
    shown,
    joined: new Set(request.slateIds.filter((id) => values.joined.has(id))),
    mayHoldMore: closing.length === DUE_LIMIT,
    paysUntil: paidUntil(request, last),
  };
}

function pendingOf(
  offset: number,
  { closesAt, shown, acts }: HeldSlate,
  isWhole: boolean,
  isLoaded: (slot: OpenSlot) => boolean,
): PendingSlate {
  const { slateId, userId, servedAt } = shown;
  const open = shown.slots
    .map(({ itemId }, slot): OpenSlot => ({ slot, itemId, acts: acts.get(slot) ?? {} }))
    .filter(isLoaded);
  return { offset, slateId, userId, servedAt, closesAt, isWhole, open };
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
    slates.set(slate.offset, { closesAt: slate.closesAt, shown, acts: new Map() });
  for (const { slate, slot } of change.acts) {
    const held = slates.get(slate.offset);
    if (held === undefined) continue;
    slates.set(slate.offset, { ...held, acts: new Map([...held.acts, [slot.slot, slot.acts]]) });
  }
  for (const { offset } of change.closed) slates.delete(offset);
  const actions = new Map([...values.actions].filter(([, { userId }]) => !erased.has(userId)));
  for (const one of change.actions) actions.set(one.action.offset, one);
  for (const { action } of change.paid) actions.delete(action.offset);
  return {
    ...values,
    head: { ...head, incarnation },
    topics: values.topics,
    slates,
    actions,
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
