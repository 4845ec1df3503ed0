import type { Reward } from '#contracts/generated/records.ts';
import type { Head, HeadChange } from '#platform/kafka/held-state.ts';
import { type PartitionTimes, servedUntilOf, type UserJoin } from './attribution.ts';

/** The head of a partition's state. */
export interface PartitionHead extends PartitionTimes {
  /** Incremented by every commit. */
  readonly version: number;
  /** Offsets of the last included messages; −1 if none. */
  readonly slatesOffset: number;
  readonly actionsOffset: number;
  /** Sequence number of the last reward; 0 if none. */
  readonly sequence: number;
  /** `servedAt` of the latest slate read, ms; 0 if none. */
  readonly newestServedAt: number;
  /** Incarnation of the state; undefined if none was written. A commit leaves it as it is. */
  readonly incarnation: string | undefined;
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
 * Users with a slate that closes before the one time, or whose remembered actions count for no slate served after the
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
  /** Ids of slates that are joined now, with the time of serving until which they are remembered, ms. */
  readonly joined: ReadonlyMap<string, number>;
  /** Ids of slates that no longer wait. */
  readonly closed: readonly string[];
  readonly rewards: readonly QueuedReward[];
}

/** Which state of a partition turned out to be lost or unreadable. */
export type LostPart = 'users' | 'index' | 'outbox';

/** Called with the number of lost users, entries of an index or rewards. */
export type ReportLost = (part: LostPart, count: number) => void;

/** The state of the join, per partition, and the outbox of rewards. */
export interface JoinStore {
  readHead(partition: number): Promise<PartitionHead>;
  /**
   * Returns the named users and the due ones, at most `DUE_LIMIT` per kind of due; unknown users are left out. A user
   * whose state is lost or unreadable is returned with nothing, so that the next commit removes what is left of it.
   */
  readUsers(partition: number, userIds: readonly string[], due: DueTimes): Promise<Map<string, UserJoin>>;
  /** @returns those of the ids that are remembered, because a slate with the id was joined */
  readJoined(partition: number, slateIds: readonly string[]): Promise<Set<string>>;
  /** Slates that are lost or unreadable are left out. */
  readShown(partition: number, slateIds: readonly string[]): Promise<Map<string, ShownSlate>>;
  /**
   * Applies the change in one atomic step if the partition is still at version `head.version − 1`, and of the incarnation
   * of the head if it has one. Ids whose time is before `head.newestServedAt` are forgotten.
   * @returns whether it did; false means that another process owns the partition now or owned it meanwhile
   */
  commit(partition: number, change: JoinChange): Promise<boolean>;
  /** The first rewards in the outbox, in the order of their sequence. */
  readOutbox(partition: number, limit: number): Promise<QueuedReward[]>;
  /** Removes rewards up to and including the sequence. */
  trimOutbox(partition: number, sequence: number): Promise<void>;
}

/** A store whose state can be compared with the log, and deleted. */
export interface RebuildableJoinStore extends JoinStore {
  /** @returns undefined if nothing of the topic is included */
  readTopicHead(topic: JoinedTopic, partition: number): Promise<Head | undefined>;
  writeTopicHead(topic: JoinedTopic, partition: number, head: HeadChange): Promise<void>;
  /** Deletes all state of the partition, and notes the time, ms. */
  clear(partition: number, now: number): Promise<void>;
  /** Notes the time, ms, as that of a deletion, unless one was noted before. The state stays. */
  noteCleared(partition: number, now: number): Promise<void>;
  /** When the state was last deleted, so that the log may hold rewards that it does not know of; 0 for never. */
  clearedAt(partition: number): Promise<number>;
}

export type JoinedTopic = 'slates' | 'actions';

/** Most due users of each kind that one step reads; the next step handles the rest. */
export const DUE_LIMIT = 200;

export const EMPTY_HEAD: PartitionHead = {
  version: 0,
  slatesOffset: -1,
  actionsOffset: -1,
  sequence: 0,
  newestServedAt: 0,
  streamTime: 0,
  slatesUntil: 0,
  incarnation: undefined,
};

/** Time when the first slate of the user closes; undefined if none is pending. */
export function closesAt({ pending }: UserJoin): number | undefined {
  return pending.length === 0
    ? undefined
    : pending.reduce((first, slate) => Math.min(first, slate.closesAt), Infinity);
}

/** Newest time until which a remembered action may count for unread slates; undefined if there is none. */
export function rememberedUntil({ recent }: UserJoin): number | undefined {
  if (recent.length === 0) return undefined;
  return recent.reduce((newest, action) => Math.max(newest, servedUntilOf(action)), -1);
}
