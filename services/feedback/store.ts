import type { Reward } from '#contracts/generated/records.ts';
import type { PartitionTimes, UserJoin } from './attribution.ts';

/** The head of a partition's state. */
export interface PartitionHead extends PartitionTimes {
  /** Incremented by every commit. */
  readonly version: number;
  /** Offsets of the last included messages; −1 if none. */
  readonly slatesOffset: number;
  readonly actionsOffset: number;
  /** Sequence number of the last reward; 0 if none. */
  readonly sequence: number;
}

/** The fields that a reward copies from its slate; stored apart from the join, which changes far more often. */
export interface ShownSlate {
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly featureNames: readonly string[];
  readonly slots: ReadonlyArray<{ itemId: string; features: readonly number[]; propensity: number }>;
  /** Trace of the request whose response was the slate. */
  readonly trace?: string;
}

/** A reward that waits for its acknowledgement by the log. */
export interface QueuedReward {
  readonly reward: Reward;
  readonly trace?: string;
}

/**
 * Users with a slate that closes before the one time, or whose newest remembered action is to be dropped at the
 * other.
 */
export interface DueTimes {
  readonly closesBefore: number;
  readonly forgottenUntil: number;
}

export interface JoinChange {
  readonly head: PartitionHead;
  /** A user with nothing pending and nothing remembered is removed. */
  readonly users: ReadonlyMap<string, UserJoin>;
  readonly shown: readonly ShownSlate[];
  /** Ids of slates that no longer wait. */
  readonly closed: readonly string[];
  readonly rewards: readonly QueuedReward[];
}

/** The state of the join, per partition, and the outbox of rewards. */
export interface JoinStore {
  readHead(partition: number): Promise<PartitionHead>;
  /** Returns the named users and the due ones, at most `DUE_LIMIT` per kind of due; unknown users are left out. */
  readUsers(partition: number, userIds: readonly string[], due: DueTimes): Promise<Map<string, UserJoin>>;
  readShown(partition: number, slateIds: readonly string[]): Promise<Map<string, ShownSlate>>;
  /**
   * Applies the change in one atomic step if the partition is still at version `head.version − 1`.
   * @returns whether it did; false means that another process owns the partition now or owned it meanwhile
   */
  commit(partition: number, change: JoinChange): Promise<boolean>;
  /** The first rewards in the outbox, in the order of their sequence. */
  readOutbox(partition: number, limit: number): Promise<QueuedReward[]>;
  /** Removes rewards up to and including the sequence. */
  trimOutbox(partition: number, sequence: number): Promise<void>;
}

/** Limits one step after a long stop; the next step handles the rest. */
export const DUE_LIMIT = 1_000;

export const EMPTY_HEAD: PartitionHead = {
  version: 0,
  slatesOffset: -1,
  actionsOffset: -1,
  sequence: 0,
  streamTime: 0,
  slatesUntil: 0,
};

/** Time when the first slate of the user closes; undefined if none is pending. */
export function closesAt({ pending }: UserJoin): number | undefined {
  return pending.length === 0 ? undefined : Math.min(...pending.map((slate) => slate.closesAt));
}

/** Event time of the newest remembered action; undefined if there is none. */
export function rememberedUntil({ recent }: UserJoin): number | undefined {
  return recent.length === 0 ? undefined : Math.max(...recent.map((action) => action.occurredAt));
}
