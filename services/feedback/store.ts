import type { Reward } from '#contracts/generated/records.ts';
import type { Head, HeadChange } from '#platform/kafka/held-state.ts';
import type {
  OpenSlot,
  PartitionTimes,
  PendingSlate,
  RecentAction,
  Settled,
  UserJoin,
} from './attribution.ts';

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
  readonly slots: ReadonlyArray<{ itemId: string; features: readonly number[]; propensity: number }>;
  /** Trace of the request whose response was the slate. */
  readonly trace?: string;
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
  /** Items of slates that arrive: what their users did with them lately. */
  readonly shown: ReadonlyArray<{ readonly userId: string; readonly itemIds: readonly string[] }>;
  /** Actions that arrive: the slots of their users that show the item and have earned less than the reward. */
  readonly acted: ReadonlyArray<{
    readonly userId: string;
    readonly itemId: string;
    readonly reward: number;
  }>;
  /** Offsets of slates that an earlier step left unfinished. */
  readonly offsets: readonly number[];
  /** Slates that close before this time are due, ms; at most `DUE_LIMIT` of them are returned. */
  readonly closesBefore: number;
}

export const NOTHING_REQUESTED: JoinRequest = {
  slateIds: [],
  shown: [],
  acted: [],
  offsets: [],
  closesBefore: 0,
};

export interface JoinFound {
  /** What waits, of the users that the request concerns; of slates that are not due or unfinished only the slots asked for. */
  readonly users: Map<string, UserJoin>;
  /** What the due and unfinished slates showed, by offset. */
  readonly shown: Map<number, ShownSlate>;
  /** Those of the ids that are remembered, because a slate with the id was joined. */
  readonly joined: Set<string>;
  /** Whether more slates may be due. */
  readonly mayHoldMore: boolean;
}

export interface JoinChange {
  readonly head: PartitionHead;
  /** Users whose state is deleted before the rest of the change is applied. */
  readonly erased: readonly string[];
  /** Slates that wait from now on; those of their slots that are settled are in `settled`. */
  readonly slates: ReadonlyArray<{ readonly slate: PendingSlate; readonly shown: ShownSlate }>;
  /** Slots with another best action. */
  readonly earned: ReadonlyArray<{ readonly slate: PendingSlate; readonly slot: OpenSlot }>;
  /** Slots that no longer wait, of slates that do. */
  readonly settled: readonly Settled[];
  /** Slates that no longer wait, with the slots of theirs that did until now, and the number of all their slots. */
  readonly closed: ReadonlyArray<{
    readonly slate: PendingSlate;
    readonly open: ReadonlyArray<Pick<OpenSlot, 'slot' | 'itemId'>>;
    readonly slots: number;
  }>;
  /** Actions that are remembered from now on. Those that count for no slate served after `head.slatesUntil` are forgotten. */
  readonly actions: ReadonlyArray<{ readonly userId: string; readonly action: RecentAction }>;
  /** Ids of slates that are joined now, with the time of serving until which they are remembered, ms. */
  readonly joined: ReadonlyMap<string, number>;
  readonly rewards: readonly QueuedReward[];
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
   * Returns what slates showed, by offset; those that no longer wait are left out.
   * @param version at which they waited
   * @throws StateLost like `read`, also if one is gone at that version
   */
  readShown(partition: number, offsets: readonly number[], version: number): Promise<Map<number, ShownSlate>>;
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

/** Most due slates that one step reads; the next step handles the rest. */
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
