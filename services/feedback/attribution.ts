import type { ActionWeights } from '#contracts/domain/action-types.ts';
import type { ActionType, Slate, UserAction } from '#contracts/generated/records.ts';

/**
 * Joins slates and actions of one partition. The reward of a slot is a function of the two logs alone:
 *
 * the largest weight among the user's actions on the item that count for the slate; among equal weights the first in
 * the log; 0 if there is none. An action counts for a slate if
 * - the gateway received it after the slate was served: receivedAt + receiptToleranceMs > servedAt,
 * - it occurred after the slate was served, give or take the clock of the app: servedAt − clockToleranceMs ≤ occurredAt,
 *   and occurredAt ≤ closesAt, which is servedAt + the attribution window,
 * - it is in the log of actions before stream time, the newest event time up to and including it, exceeds closesAt.
 *
 * The result does not depend on when a slate is read relative to the actions, because an action is remembered, with
 * the stream time at its offset, as long as an unread slate may need it. That ends when `slatesUntil` reaches its
 * `servedUntil`: every slate served until then has been read, and it counts for no later one. A slot is settled when
 * nothing can change it any more: when it has earned the largest possible weight, or when stream time has passed closesAt.
 *
 * Of several slates with one id the first in the log has slots, the others have none: see `new-slates.ts`.
 */

export interface AttributionRules {
  /** Attribution window in milliseconds. */
  readonly windowMs: number;
  /** Reward of each type of action; types with reward 0 are ignored. */
  readonly weights: ActionWeights;
  /** How far the clock of an app may be behind, in milliseconds, for its actions to count. */
  readonly clockToleranceMs: number;
  /** How far the clock of the gateway may be behind the one that stamps slates, in milliseconds. */
  readonly receiptToleranceMs: number;
  /** Longest time between choosing a slate and its arrival in the log, in milliseconds. */
  readonly slateDelayMs: number;
  /**
   * Time in milliseconds by which a slate may have been served before the latest one that was read, and still be joined. The
   * ids of joined slates are remembered as long, so that a slate that is in the log twice is joined once.
   */
  readonly slateMemoryMs: number;
}

/** The best action on a slot so far. */
export interface Earned {
  readonly actionType: ActionType;
  readonly reward: number;
  /** Milliseconds from serving to the action; 0 if the clock of the app says that it acted before. */
  readonly delay: number;
}

export interface OpenSlot {
  readonly slot: number;
  readonly itemId: string;
  earned: Earned | null;
}

export interface PendingSlate {
  readonly slateId: string;
  readonly servedAt: number;
  readonly closesAt: number;
  /** The unsettled slots. */
  open: OpenSlot[];
}

export interface RecentAction {
  readonly itemId: string;
  readonly type: ActionType;
  readonly occurredAt: number;
  /** The action counts only for slates served until then. Missing in what was stored before apps had a tolerance. */
  readonly servedUntil?: number;
  /** Stream time up to and including this action. */
  readonly streamTime: number;
}

/** State of one user: slates and actions that wait for the other side of the join. */
export interface UserJoin {
  pending: PendingSlate[];
  /** In log order. */
  recent: RecentAction[];
}

/** Both in milliseconds since the epoch, and never decreasing. */
export interface PartitionTimes {
  /** The newest event time among the actions read. */
  streamTime: number;
  /** Every slate served until then has been read. */
  slatesUntil: number;
}

/** The part of a partition's state that a batch needs. */
export interface Join {
  readonly times: PartitionTimes;
  readonly users: Map<string, UserJoin>;
  /** Users whose state differs from the loaded one. */
  readonly changed: Set<string>;
}

/** A slot whose reward is final. */
export interface Settled {
  readonly slateId: string;
  readonly slot: number;
  readonly earned: Earned | null;
}

export interface Settlement {
  readonly settled: Settled[];
  /** Slates with every slot settled. */
  readonly closed: string[];
  /** Users with due slots or slates beyond the limit. */
  readonly unfinished: string[];
}

/** Stream time and slate watermark after a batch, without its other effects: they determine which users are due. */
export function timesAfter(
  times: PartitionTimes,
  batch: { slates: readonly Slate[]; actions: readonly UserAction[] },
  { slateDelayMs }: AttributionRules,
): PartitionTimes {
  let { streamTime, slatesUntil } = times;
  for (const { servedAt } of batch.slates) slatesUntil = Math.max(slatesUntil, servedAt - slateDelayMs);
  for (const { occurredAt } of batch.actions) streamTime = Math.max(streamTime, occurredAt);
  return { streamTime, slatesUntil };
}

/** @returns whether the slate came too late to be sure of all its actions: it was served before `slatesUntil` */
export function joinSlate(join: Join, slate: Slate, rules: AttributionRules): boolean {
  const { slateId, userId, servedAt } = slate;
  const late = servedAt <= join.times.slatesUntil;
  join.times.slatesUntil = Math.max(join.times.slatesUntil, servedAt - rules.slateDelayMs);
  const user = userOf(join, userId);
  if (user.pending.some((pending) => pending.slateId === slateId)) return false;
  const pending: PendingSlate = {
    slateId,
    servedAt,
    closesAt: servedAt + rules.windowMs,
    open: slate.slots.map(({ itemId }, slot) => ({ slot, itemId, earned: null })),
  };
  for (const action of user.recent) credit(pending, action, rules);
  user.pending.push(pending);
  join.changed.add(userId);
  return late;
}

export function joinAction(join: Join, action: UserAction, rules: AttributionRules): void {
  const { times } = join;
  const { userId, itemId, type, occurredAt, receivedAt } = action;
  times.streamTime = Math.max(times.streamTime, occurredAt);
  if (rules.weights[type] === 0) return;
  const user = userOf(join, userId);
  const servedUntil = Math.min(
    occurredAt + rules.clockToleranceMs,
    receivedAt + rules.receiptToleranceMs - 1,
  );
  const recent: RecentAction = { itemId, type, occurredAt, servedUntil, streamTime: times.streamTime };
  for (const pending of user.pending) if (credit(pending, recent, rules)) join.changed.add(userId);
  // No slate served later can be its cause, so only earlier slates that are still unread matter.
  if (servedUntil <= times.slatesUntil) return;
  user.recent.push(recent);
  join.changed.add(userId);
}

/** Deletes what a user did and saw: without slots, the slates that wait earn nothing, and close when they are settled. */
export function eraseUser(join: Join, userId: string): void {
  const { pending } = userOf(join, userId);
  join.users.set(userId, { pending: pending.map((slate) => ({ ...slate, open: [] })), recent: [] });
  join.changed.add(userId);
}

export interface SettleOptions {
  /**
   * Time in milliseconds up to which the clock closes slates on an idle partition; default 0, for none. It only settles
   * earlier what stream time would settle later.
   */
  readonly overdueAt?: number;
  /** Most slots to settle, and most slates to close. What is due beyond stays due, whatever is read meanwhile. */
  readonly maxSlots?: number;
  readonly maxSlates?: number;
}

/** Settles due slots among the loaded users, and drops the actions that no slate can need. */
export function settle(join: Join, rules: AttributionRules, options: SettleOptions = {}): Settlement {
  const {
    overdueAt = 0,
    maxSlots = Number.POSITIVE_INFINITY,
    maxSlates = Number.POSITIVE_INFINITY,
  } = options;
  const settlement: Settlement = { settled: [], closed: [], unfinished: [] };
  const now = Math.max(join.times.streamTime, overdueAt);
  const largest = Math.max(...Object.values(rules.weights));
  for (const [userId, user] of join.users) {
    const before = settlement.settled.length + settlement.closed.length;
    let isUnfinished = false;
    user.pending = user.pending.filter((pending) => {
      const enough = pending.closesAt < now ? Number.NEGATIVE_INFINITY : largest;
      if (settleSlots(pending, settlement, { enough, maxSlots })) isUnfinished = true;
      if (pending.open.length > 0) return true;
      if (settlement.closed.length >= maxSlates) {
        isUnfinished = true;
        return true;
      }
      settlement.closed.push(pending.slateId);
      return false;
    });
    if (isUnfinished) settlement.unfinished.push(userId);
    const kept = user.recent.filter((action) => servedUntilOf(action) > join.times.slatesUntil);
    const dropped = user.recent.length - kept.length;
    user.recent = kept;
    if (dropped > 0 || settlement.settled.length + settlement.closed.length > before) {
      join.changed.add(userId);
    }
  }
  return settlement;
}

/**
 * Settles the slots that have earned at least `enough`; a value below every reward settles all slots.
 * @returns whether the limit left some of them
 */
function settleSlots(
  pending: PendingSlate,
  { settled }: Settlement,
  { enough, maxSlots }: { enough: number; maxSlots: number },
): boolean {
  let isUnfinished = false;
  pending.open = pending.open.filter(({ slot, earned }) => {
    const isDue = enough === Number.NEGATIVE_INFINITY || (earned !== null && earned.reward >= enough);
    if (!isDue) return true;
    isUnfinished = settled.length >= maxSlots;
    if (!isUnfinished) settled.push({ slateId: pending.slateId, slot, earned });
    return isUnfinished;
  });
  return isUnfinished;
}

/** Time of serving of the latest slate that the action can count for. */
export function servedUntilOf({ servedUntil, occurredAt }: RecentAction): number {
  return servedUntil ?? occurredAt - 1;
}

/** @returns whether the slate changed */
function credit(pending: PendingSlate, action: RecentAction, { weights }: AttributionRules): boolean {
  const { servedAt, closesAt } = pending;
  const counts =
    servedAt <= servedUntilOf(action) && action.occurredAt <= closesAt && action.streamTime <= closesAt;
  if (!counts) return false;
  const reward = weights[action.type];
  let changed = false;
  for (const open of pending.open) {
    if (open.itemId !== action.itemId || (open.earned !== null && open.earned.reward >= reward)) continue;
    open.earned = { actionType: action.type, reward, delay: Math.max(0, action.occurredAt - servedAt) };
    changed = true;
  }
  return changed;
}

function userOf({ users }: Join, userId: string): UserJoin {
  let user = users.get(userId);
  if (user === undefined) {
    user = { pending: [], recent: [] };
    users.set(userId, user);
  }
  return user;
}
