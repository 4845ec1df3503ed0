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
  /** Its offset in the log, which names it within a partition. */
  readonly offset: number;
  /** Empty if only some slots are loaded. */
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly closesAt: number;
  /** Whether all unsettled slots are loaded. Otherwise the slate cannot close yet. */
  readonly isWhole: boolean;
  /** The loaded slots that are unsettled. */
  open: OpenSlot[];
}

export interface RecentAction {
  /** Its offset in the log. */
  readonly offset: number;
  readonly itemId: string;
  readonly type: ActionType;
  readonly occurredAt: number;
  /** The action counts only for slates served until then. */
  readonly servedUntil: number;
  /** Stream time up to and including this action. */
  readonly streamTime: number;
}

/** State of one user, as far as it is loaded: slates and actions that wait for the other side of the join. */
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
  readonly changes: JoinChanges;
}

/** How the state differs from the loaded one, apart from what is settled. */
export interface JoinChanges {
  readonly slates: Set<PendingSlate>;
  /** Slots with another best action. */
  readonly earned: Map<OpenSlot, PendingSlate>;
  /** Actions that are remembered, by user. */
  readonly actions: Map<RecentAction, string>;
  /** Users whose loaded and stored state is deleted; that of this join comes after the deletion. */
  readonly erased: Set<string>;
}

export function emptyJoin(times: PartitionTimes, users = new Map<string, UserJoin>()): Join {
  const changes = {
    slates: new Set<never>(),
    earned: new Map(),
    actions: new Map(),
    erased: new Set<string>(),
  };
  return { times, users, changes };
}

/** A slot whose reward is final. */
export interface Settled {
  readonly slate: PendingSlate;
  readonly slot: number;
  readonly itemId: string;
  readonly earned: Earned | null;
}

export interface Settlement {
  readonly settled: Settled[];
  /** Slates with every slot settled. */
  readonly closed: PendingSlate[];
  /** Slates with due slots beyond the limit. */
  readonly unfinished: PendingSlate[];
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
export function joinSlate(join: Join, slate: Slate, offset: number, rules: AttributionRules): boolean {
  const { slateId, userId, servedAt } = slate;
  const late = servedAt <= join.times.slatesUntil;
  join.times.slatesUntil = Math.max(join.times.slatesUntil, servedAt - rules.slateDelayMs);
  const user = userOf(join, userId);
  const pending: PendingSlate = {
    offset,
    slateId,
    userId,
    isWhole: true,
    servedAt,
    closesAt: servedAt + rules.windowMs,
    open: slate.slots.map(({ itemId }, slot) => ({ slot, itemId, earned: null })),
  };
  for (const action of user.recent) credit(join, pending, action, rules);
  user.pending.push(pending);
  join.changes.slates.add(pending);
  return late;
}

export function joinAction(join: Join, action: UserAction, offset: number, rules: AttributionRules): void {
  const { times } = join;
  const { userId, itemId, type, occurredAt, receivedAt } = action;
  times.streamTime = Math.max(times.streamTime, occurredAt);
  if (rules.weights[type] === 0) return;
  const user = userOf(join, userId);
  const servedUntil = Math.min(
    occurredAt + rules.clockToleranceMs,
    receivedAt + rules.receiptToleranceMs - 1,
  );
  const { streamTime } = times;
  const recent: RecentAction = { offset, itemId, type, occurredAt, servedUntil, streamTime };
  for (const pending of user.pending) credit(join, pending, recent, rules);
  // No slate served later can be its cause, so only earlier slates that are still unread matter.
  if (servedUntil <= times.slatesUntil) return;
  user.recent.push(recent);
  join.changes.actions.set(recent, userId);
}

/** Deletes what a user did and saw; the slates that wait earn nothing. */
export function eraseUser({ users, changes }: Join, userId: string): void {
  users.delete(userId);
  changes.erased.add(userId);
  for (const slate of changes.slates) if (slate.userId === userId) changes.slates.delete(slate);
  for (const [slot, slate] of changes.earned) if (slate.userId === userId) changes.earned.delete(slot);
  for (const [action, owner] of changes.actions) if (owner === userId) changes.actions.delete(action);
}

export interface SettleOptions {
  /**
   * Time in milliseconds up to which the clock closes slates on an idle partition; default 0, for none. It only settles
   * earlier what stream time would settle later.
   */
  readonly overdueAt?: number;
  /** Most slots to settle. What is due beyond stays due, whatever is read meanwhile. */
  readonly maxSlots?: number;
}

/** Settles due slots among the loaded users, and drops the actions that no slate can need. */
export function settle(join: Join, rules: AttributionRules, options: SettleOptions = {}): Settlement {
  const { overdueAt = 0, maxSlots = Number.POSITIVE_INFINITY } = options;
  const settlement: Settlement = { settled: [], closed: [], unfinished: [] };
  const now = Math.max(join.times.streamTime, overdueAt);
  const largest = Math.max(...Object.values(rules.weights));
  for (const user of join.users.values()) {
    user.pending = user.pending.filter((pending) => {
      const enough = pending.closesAt < now ? Number.NEGATIVE_INFINITY : largest;
      if (settleSlots(pending, settlement, { enough, maxSlots })) settlement.unfinished.push(pending);
      const isClosed = pending.isWhole && pending.open.length === 0;
      if (isClosed) settlement.closed.push(pending);
      return !isClosed;
    });
    user.recent = user.recent.filter(({ servedUntil }) => servedUntil > join.times.slatesUntil);
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
  pending.open = pending.open.filter(({ slot, itemId, earned }) => {
    const isDue = enough === Number.NEGATIVE_INFINITY || (earned !== null && earned.reward >= enough);
    if (!isDue) return true;
    const isKept = settled.length >= maxSlots;
    if (isKept) isUnfinished = true;
    else settled.push({ slate: pending, slot, itemId, earned });
    return isKept;
  });
  return isUnfinished;
}

function credit(
  { changes }: Join,
  pending: PendingSlate,
  action: RecentAction,
  { weights }: AttributionRules,
): void {
  const { servedAt, closesAt } = pending;
  const counts =
    servedAt <= action.servedUntil && action.occurredAt <= closesAt && action.streamTime <= closesAt;
  if (!counts) return;
  const reward = weights[action.type];
  for (const open of pending.open) {
    if (open.itemId !== action.itemId || (open.earned !== null && open.earned.reward >= reward)) continue;
    open.earned = { actionType: action.type, reward, delay: Math.max(0, action.occurredAt - servedAt) };
    changes.earned.set(open, pending);
  }
}

function userOf({ users }: Join, userId: string): UserJoin {
  let user = users.get(userId);
  if (user === undefined) {
    user = { pending: [], recent: [] };
    users.set(userId, user);
  }
  return user;
}
