import type { Reward } from '#contracts/generated/records.ts';
import type { PartitionTimes, UserJoin } from './attribution.ts';

/** Where a partition stands. */
export interface PartitionHead extends PartitionTimes {
  /** Grows by one with every commit. */
  readonly version: number;
  /** Offsets of the last messages that are included; −1 before any. */
  readonly slatesOffset: number;
  readonly actionsOffset: number;
  /** Sequence of the last reward; 0 before any. */
  readonly sequence: number;
}

/** What a reward takes over from its slate; kept apart from the join, which changes far more often. */
export interface ShownSlate {
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly featureNames: readonly string[];
  readonly slots: ReadonlyArray<{ itemId: string; features: readonly number[]; propensity: number }>;
  /** Trace of the request that was answered with it. */
  readonly trace?: string;
}

/** A reward that waits to be acknowledged by the log. */
export interface QueuedReward {
  readonly reward: Reward;
  readonly trace?: string;
}

/** Users with a slate that closes before the one time, or whose newest remembered action is due to be forgotten at the other. */
export interface DueTimes {
  readonly closesBefore: number;
  readonly forgottenUntil: number;
}

export interface JoinChange {
  readonly head: PartitionHead;
  /** One with nothing pending and nothing remembered is removed. */
  readonly users: ReadonlyMap<string, UserJoin>;
  readonly shown: readonly ShownSlate[];
  /** Ids of slates that no longer wait. */
  readonly closed: readonly string[];
  readonly rewards: readonly QueuedReward[];
}

/** The state of the join, a partition each, and the outbox of rewards. */
export interface JoinStore {
  readHead(partition: number): Promise<PartitionHead>;
  /** The named users and those that are due, at most `DUE_LIMIT` of each kind of due; unknown ones are left out. */
  readUsers(partition: number, userIds: readonly string[], due: DueTimes): Promise<Map<string, UserJoin>>;
  readShown(partition: number, slateIds: readonly string[]): Promise<Map<string, ShownSlate>>;
  /**
   * Applies the change in one atomic step if the partition still stands at version `head.version − 1`.
   * @returns whether it did; false means that another process owns the partition now or did meanwhile
   */
  commit(partition: number, change: JoinChange): Promise<boolean>;
  /** The first rewards in the outbox, in the order of their sequence. */
  readOutbox(partition: number, limit: number): Promise<QueuedReward[]>;
  /** Removes rewards up to and including the sequence. */
  trimOutbox(partition: number, sequence: number): Promise<void>;
}

/** Bounds one step after a long stop; what remains is taken by the next. */
export const DUE_LIMIT = 1_000;

export const EMPTY_HEAD: PartitionHead = {
  version: 0,
  slatesOffset: -1,
  actionsOffset: -1,
  sequence: 0,
  streamTime: 0,
  slatesUntil: 0,
};

/** When the first slate of the user closes; undefined when none is pending. */
export function closesAt({ pending }: UserJoin): number | undefined {
  return pending.length === 0 ? undefined : Math.min(...pending.map((slate) => slate.closesAt));
}

/** Event time of the newest action remembered; undefined when there is none. */
export function rememberedUntil({ recent }: UserJoin): number | undefined {
  return recent.length === 0 ? undefined : Math.max(...recent.map((action) => action.occurredAt));
}
