import { isImpression } from '#contracts/domain/action-types.ts';
import type { ActionType, Exposure, Slate, UserAction } from '#contracts/generated/records.ts';
import { exposures } from './exposures.ts';
import { type Acts, counts, type Objective, outcomeOf, type SlotOutcome } from './objectives.ts';
import { payeeOf } from './payee.ts';

/**
 * Joins slates and actions of one partition. The rewards of a slate are a function of the two logs alone:
 *
 * An action pays one slate of its user that shows its item: the one that it names, if it counts for it; else the latest for
 * which it counts, by servedAt and then by place in the log. An action counts for a slate if
 * - the gateway received it after the slate was served: receivedAt + receiptToleranceMs > servedAt,
 * - it occurred after the slate was served, give or take the clock of the app: servedAt − clockToleranceMs ≤ occurredAt,
 *   and occurredAt ≤ closesAt, which is servedAt + the attribution window,
 * - it is in the log of actions before stream time, the newest event time up to and including it, exceeds closesAt.
 * For the slate that it names, the first condition allows as much as the second: receivedAt ≥ servedAt − clockToleranceMs.
 * It pays the slot that it names if that shows the item, else the first that does.
 *
 * What a slot earns depends on the set of types that paid it (`objectives.ts`), and what the user saw of the slate on all of
 * its slots (`exposures`). So all slots of a slate are settled together, when nothing can change them any more.
 *
 * Which slate is the latest is known only when all slates that may be are read. So an action waits until `slatesUntil`
 * reaches its `until`: every slate served until then has been read, and it counts for no later one. Then it pays. A slate
 * is settled when stream time has passed closesAt and the actions that count for it have paid: their `until` is at most
 * closesAt + clockToleranceMs. The result does not depend on how the two logs interleave.
 *
 * Of several slates with one id the first in the log has slots, the others have none: see `new-slates.ts`.
 */

export interface AttributionRules {
  /** Attribution window in milliseconds. */
  readonly windowMs: number;
  readonly objectives: readonly Objective[];
  /** Whether a slate teaches although nothing shows that anybody looked at it: no reaction and no impression. */
  readonly teachesSilence: boolean;
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

export interface OpenSlot {
  readonly slot: number;
  readonly itemId: string;
  acts: Acts;
}

export interface PendingSlate {
  /** Its offset in the log, which names it within a partition. */
  readonly offset: number;
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly closesAt: number;
  /** Whether all slots are loaded. Otherwise the slate cannot close yet. */
  readonly isWhole: boolean;
  /** The loaded slots, the first on top. */
  readonly open: readonly OpenSlot[];
}

/** An action that has not paid yet. */
export interface RecentAction {
  /** Its offset in the log. */
  readonly offset: number;
  readonly itemId: string;
  readonly type: ActionType;
  readonly occurredAt: number;
  /** It counts only for slates served until then. */
  readonly servedUntil: number;
  /** The slate that it names may have been served until then; not less than `servedUntil`. */
  readonly until: number;
  /** Stream time up to and including this action. */
  readonly streamTime: number;
  readonly slateId: string | null;
  readonly slot: number | null;
}

/** State of one user, as far as it is loaded. */
export interface UserJoin {
  pending: PendingSlate[];
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
  /** Slots that an action has paid. */
  readonly acts: Map<OpenSlot, PendingSlate>;
  /** Actions that wait from now on, by user. */
  readonly actions: Map<RecentAction, string>;
  /** Loaded actions that have paid, by user. */
  readonly paid: Map<RecentAction, string>;
  /** Users whose loaded and stored state is deleted; that of this join comes after the deletion. */
  readonly erased: Set<string>;
}

export function emptyJoin(times: PartitionTimes, users = new Map<string, UserJoin>()): Join {
  const changes = {
    slates: new Set<never>(),
    acts: new Map(),
    actions: new Map(),
    paid: new Map(),
    erased: new Set<string>(),
  };
  return { times, users, changes };
}

/** A slot whose reward is final. */
export interface SettledSlot extends SlotOutcome {
  readonly slot: number;
  readonly itemId: string;
  readonly exposure: Exposure;
}

/** A slate that waits no longer, with all its slots. */
export interface SettledSlate {
  readonly slate: PendingSlate;
  readonly slots: readonly SettledSlot[];
}

export interface Settlement {
  readonly settled: SettledSlate[];
  /** Whether due slates are left beyond the limit. */
  readonly isUnfinished: boolean;
}

/** Stream time and slate watermark after a batch, without its other effects: they determine what is due. */
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
  const pending: PendingSlate = {
    offset,
    slateId,
    userId,
    isWhole: true,
    servedAt,
    closesAt: servedAt + rules.windowMs,
    open: slate.slots.map(({ itemId }, slot) => ({ slot, itemId, acts: {} })),
  };
  userOf(join, userId).pending.push(pending);
  join.changes.slates.add(pending);
  return late;
}

/** Whether the join has to know of actions of the type. */
export function isJoined(type: ActionType, { objectives }: Pick<AttributionRules, 'objectives'>): boolean {
  return isImpression({ type }) || counts(type, objectives);
}

/** The slates for which an action may count: until when they were served, ms. */
export function boundsOf(
  { occurredAt, receivedAt, slateId }: UserAction,
  { clockToleranceMs, receiptToleranceMs }: AttributionRules,
): Pick<RecentAction, 'servedUntil' | 'until'> {
  const servedUntil = Math.min(occurredAt + clockToleranceMs, receivedAt + receiptToleranceMs - 1);
  if (slateId === null) return { servedUntil, until: servedUntil };
  return { servedUntil, until: Math.max(servedUntil, Math.min(occurredAt, receivedAt) + clockToleranceMs) };
}

export function joinAction(join: Join, action: UserAction, offset: number, rules: AttributionRules): void {
  const { times } = join;
  const { userId, itemId, type, occurredAt, slateId, slot } = action;
  times.streamTime = Math.max(times.streamTime, occurredAt);
  if (!isJoined(type, rules)) return;
  const bounds = boundsOf(action, rules);
  const { streamTime } = times;
  const recent = { offset, itemId, type, occurredAt, ...bounds, streamTime, slateId, slot };
  userOf(join, userId).recent.push(recent);
  join.changes.actions.set(recent, userId);
}

/** Deletes what a user did and saw; the slates that wait earn nothing. */
export function eraseUser({ users, changes }: Join, userId: string): void {
  users.delete(userId);
  changes.erased.add(userId);
  for (const slate of changes.slates) if (slate.userId === userId) changes.slates.delete(slate);
  for (const [slot, slate] of changes.acts) if (slate.userId === userId) changes.acts.delete(slot);
  for (const actions of [changes.actions, changes.paid])
    for (const [action, owner] of actions) if (owner === userId) actions.delete(action);
}

export interface SettleOptions {
  /**
   * Time in milliseconds up to which the clock closes slates on an idle partition; default 0, for none. It only settles
   * earlier what stream time would settle later.
   */
  readonly overdueAt?: number;
  /** Most slots to settle, but always one slate. What is due beyond stays due, whatever is read meanwhile. */
  readonly maxSlots?: number;
}

/**
 * Which slate an action paid:
 * - named: the one that it names
 * - other-slate: the latest with its item, because that which it names is not of the user, does not show the item, or is no longer open
 * - latest: the latest with its item; it names none
 * - named-no-slate, no-slate: none, though it names one, or without naming one
 */
export type ActionOutcome = 'named' | 'other-slate' | 'latest' | 'named-no-slate' | 'no-slate';

/** Lets the actions of the loaded users pay whose slates are all read. @returns how many had which outcome */
export function pay({ times, users, changes }: Join): Map<ActionOutcome, number> {
  const outcomes = new Map<ActionOutcome, number>();
  for (const [userId, user] of users) {
    user.recent = user.recent.filter((action) => {
      if (action.until > times.slatesUntil) return true;
      const outcome = credit(changes, user.pending, action);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      if (!changes.actions.delete(action)) changes.paid.set(action, userId);
      return false;
    });
  }
  return outcomes;
}

/** Whether a slate that closes at that time is due. @param now stream time, or the clock, ms */
function isDue(closesAt: number, now: number, { slatesUntil }: PartitionTimes, tolerance: number): boolean {
  return closesAt < now && closesAt + tolerance <= slatesUntil;
}

/** Returns the time before which a slate that closes is due, ms. */
export function dueBefore(
  { streamTime, slatesUntil }: PartitionTimes,
  overdueAt: number,
  { clockToleranceMs }: AttributionRules,
): number {
  return Math.min(Math.max(streamTime, overdueAt), slatesUntil - clockToleranceMs + 1);
}

/** Settles due slates among the loaded users. All actions that are due to pay must have paid. */
export function settle(join: Join, rules: AttributionRules, options: SettleOptions = {}): Settlement {
  const { overdueAt = 0, maxSlots = Number.POSITIVE_INFINITY } = options;
  const settled: SettledSlate[] = [];
  let slots = 0;
  let isUnfinished = false;
  const now = Math.max(join.times.streamTime, overdueAt);
  for (const user of join.users.values()) {
    user.pending = user.pending.filter((slate) => {
      if (!slate.isWhole || !isDue(slate.closesAt, now, join.times, rules.clockToleranceMs)) return true;
      if (settled.length > 0 && slots + slate.open.length > maxSlots) {
        isUnfinished = true;
        return true;
      }
      slots += slate.open.length;
      settled.push({ slate, slots: settledSlots(slate.open, rules) });
      return false;
    });
  }
  return { settled, isUnfinished };
}

function settledSlots(open: readonly OpenSlot[], rules: AttributionRules): SettledSlot[] {
  const seen = exposures(
    open.map(({ acts }) => acts),
    rules,
  );
  return open.map(({ slot, itemId, acts }, index) => {
    return { slot, itemId, exposure: seen[index]!, ...outcomeOf(acts, rules.objectives) };
  });
}

function credit(changes: JoinChanges, pending: readonly PendingSlate[], action: RecentAction): ActionOutcome {
  const { slate, slot } = payeeOf(pending, action);
  const { slateId } = action;
  if (slate === undefined || slot === undefined) return slateId === null ? 'no-slate' : 'named-no-slate';
  const outcome = slateId === null ? 'latest' : slateId === slate.slateId ? 'named' : 'other-slate';
  const delay = Math.max(0, action.occurredAt - slate.servedAt);
  const before = slot.acts[action.type];
  if (before !== undefined && before <= delay) return outcome;
  slot.acts = { ...slot.acts, [action.type]: delay };
  changes.acts.set(slot, slate);
  return outcome;
}

function userOf({ users }: Join, userId: string): UserJoin {
  let user = users.get(userId);
  if (user === undefined) {
    user = { pending: [], recent: [] };
    users.set(userId, user);
  }
  return user;
}
