import type { ErrorCode } from '#contracts/errors.ts';
import type { RecordTypes } from '#contracts/generated/records.ts';
import type { TopicName } from '#topics/catalog.ts';
import type { RawBatchOptions, RawRecord } from './record-batch.ts';

/** What the records of a case are made with. */
export interface CaseContext {
  /** A user of this case alone, whose messages belong to the partition. */
  readonly userId: string;
  /** The user id in bytes. */
  readonly key: Buffer;
  /** A sequence number that a reward may have at this place of its partition. */
  readonly sequence: number;
  readonly encode: <R extends keyof RecordTypes>(record: R, value: RecordTypes[R]) => Buffer;
}

/** A record batch that a stranger may send, between two valid messages. */
export interface PoisonCase {
  readonly name: string;
  readonly topic: TopicName;
  /** Code of the dead letter of each group that reads the topic, or of the groups of single stages; none for valid messages. */
  readonly code?: ErrorCode | Readonly<Record<string, ErrorCode>>;
  readonly records: (context: CaseContext) => readonly RawRecord[];
  readonly batch?: RawBatchOptions;
  /** Default: the partition of the user. */
  readonly partition?: number;
}

/** The stages with a consumer group for each topic; the other stages follow topics and write no letters. */
export const READERS: Readonly<Partial<Record<TopicName, readonly string[]>>> = {
  actions: ['interests', 'feedback'],
  interests: ['propose'],
  proposals: ['rerank'],
  slates: ['feedback'],
  rewards: ['rerank'],
};
