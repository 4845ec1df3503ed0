import type { Reward } from '#contracts/generated/records.ts';
import type { Head, HeadChange } from '#platform/kafka/held-state.ts';
import type { OpenSlot, PartitionTimes, PendingSlate, RecentAction, UserJoin } from './attribution.ts';

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

/** The fields that a reward copies from its slate. */
export interface ShownSlate {
  readonly slateId: string;
  readonly userId: string;
  readonly servedAt: number;
  readonly featureNames: readonly string[];
  readonly contextNames: readonly string[];
  readonly context: readonly number[];
  readonly slots: ReadonlyArray<{ itemId: string; features: readonly number[]; propensity: number }>;
  /** Trace of the request whose response was the slate. */
  readonly trace?: string;
  /** Experiment and arm whose learning is apart; left out where it is shared. */
  readonly learner?: string;
}

/** A reward that waits for its acknowledgement by the log. */
export interface QueuedReward {
  readonly reward: Reward;
  readonly trace?: string;
}

/** The part of the state that a step needs. */
export interface JoinRequest {
  /** Ids of slates. */
  readonly slateIds: readonly string[];
  /** Actions that arrive and pay at once: the slots of their users that show the item. */
  readonly acted: ReadonlyArray<{ readonly userId: string; readonly itemId: string }>;
  /** Waiting actions whose `until` is at most this are due to pay, ms; at most `ACTION_LIMIT` of them are returned. */
  readonly payUntil: number;
  /** Slates that close before this time are due, ms; at most `DUE_LIMIT` of them are returned. */
  readonly closesBefore: number;
}

export const NOTHING_REQUESTED: JoinRequest = { slateIds: [], acted: [], payUntil: -1, closesBefore: 0 };

export interface JoinFound {
  /** What waits: the due actions, the due slates, and of other slates the slots that due or arriving actions may pay. */
  readonly users: Map<string, UserJoin>;
  /** What the due slates showed, by offset. */
  readonly shown: Map<number, ShownSlate>;
  /** Those of the ids that are remembered, because a slate with the id was joined. */
  readonly joined: Set<string>;
  /** Whether more slates may be due. */
  readonly mayHoldMore: boolean;
  /** Actions whose `until` is at most this are all returned, ms: at least `payUntil` unless there are too many. */
  readonly paysUntil: number;
}

export interface JoinChange {
  readonly head: PartitionHead;
  /** Users whose state is deleted before the rest of the change is applied. */
  readonly erased: readonly string[];
  /** Slates that wait from now on. */
  readonly slates: ReadonlyArray<{ readonly slate: PendingSlate; readonly shown: ShownSlate }>;
  /** Slots that actions have paid, of slates that wait. */
  readonly acts: ReadonlyArray<{ readonly slate: PendingSlate; readonly slot: OpenSlot }>;
  /** Slates that no longer wait, with all their slots. */
  readonly closed: readonly PendingSlate[];
  /** Actions that wait from now on, and those that have paid. */
  readonly actions: readonly OwnedAction[];
  readonly paid: readonly OwnedAction[];
  /** Ids of slates that are joined now, with the time of serving until which they are remembered, ms. */
  readonly joined: ReadonlyMap<string, number>;
  readonly rewards: readonly QueuedReward[];
}

export interface OwnedAction {
  readonly userId: string;
  readonly action: RecentAction;
}

/** The head and the rewards as they are stored. */
export type Committed = Pick<JoinChange, 'head' | 'rewards'>;

/** Which state of a partition turned out to be lost or unreadable. */
export type LostPart = 'slates' | 'outbox';

/** Called when a part of the state is lost; the state of the partition is then rebuilt from the log. */
export type ReportLost = (part: LostPart, partition: number) => void;

/** The state of the join, per partition, and the outbox of rewards. */
export interface JoinStore {
  readHead(partition: number): Promise<PartitionHead>;
  /** @throws StateLost if a part of the state is gone or unreadable; the head is deleted then */
  read(partition: number, request: JoinRequest): Promise<JoinFound>;
  /**
   * Applies the change in one atomic step if the partition is still at version `head.version − 1`, and of the incarnation
   * of the head if it has one. Ids whose time is before `head.newestServedAt` are forgotten.
   * @returns what is committed; undefined means that another process owns the partition now or owned it meanwhile
   */
  commit(partition: number, change: JoinChange): Promise<Committed | undefined>;
  /** The first rewards in the outbox, in the order of their sequence. @throws StateLost like `read` */
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

/** Most due slates, and most due actions, that one step reads; the next step handles the rest. */
export const DUE_LIMIT = 200;
export const ACTION_LIMIT = 500;

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
