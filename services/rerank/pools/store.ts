import type { Proposal } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { Head, HeadChange } from '#platform/kafka/held-state.ts';
import type { Pool } from './pool.ts';
import type { ItemsShown, Showing } from './shown-items.ts';

/** A record of proposals with the models whose lists it may replace. */
export interface ArrivingRecord {
  readonly offset: number;
  readonly proposal: Proposal;
  /** The proposal as it is in the log, if a store may keep these bytes. */
  readonly bytes?: Buffer | undefined;
  /** At least one, all of the record. */
  readonly models: readonly string[];
}

/**
 * held: the pool holds the list now; renewed: the same, and it held another one for the same interests, as after a flip; stale: it
 * holds a newer one; full: it holds MAX_MODELS other models.
 */
export type PutOutcome = 'held' | 'renewed' | 'stale' | 'full';

/** Where a batch continues the state; undefined if that is not known. */
export type PoolBatch = Pick<IncomingBatch<unknown>, 'readFrom' | 'incarnation'>;

/** What a slate of a user is chosen from. */
export interface PoolOfUser {
  readonly pool: Pool;
  readonly shown: ItemsShown;
}

/** The newest list of each user and model, and what was shown to a user without a reaction. */
export interface PoolStore {
  /**
   * Stores the lists of the records, in their order. A list is not stored if the stored one of the same user and model has the
   * same or a later offset, or answers newer interests, or if the pool is full. The pool of a topic that is gone is deleted
   * first.
   * @param partition that of all users of the records
   * @returns for each record the outcome of each of its models
   * @throws StateLost if the head is of another incarnation than the batch; nothing is stored then
   */
  put(
    partition: number,
    arriving: readonly ArrivingRecord[],
    batch?: Pick<PoolBatch, 'incarnation'>,
  ): Promise<ReadonlyArray<readonly PutOutcome[]>>;
  /**
   * The pool of the user; the lists for everyone if the user is unknown. It may be the object that an earlier read returned, if
   * nothing has changed: do not change it.
   */
  read(userId: string): Promise<Pool>;
  /** The pool of the user with what was shown to the user without a reaction, in the same round trip. */
  readFor(userId: string): Promise<PoolOfUser>;
  /**
   * Notes showings of users of one partition, in log order; those that are noted already change nothing. They last as long as the pool.
   * @param incarnation of the state of `rewards`; what is noted of another one is forgotten
   */
  noteShown(incarnation: string, showings: readonly Showing[]): Promise<void>;
  erase(userId: string): Promise<void>;
  /** @returns undefined if no proposal of the partition was stored */
  readHead(partition: number): Promise<Head | undefined>;
  writeHead(partition: number, head: HeadChange): Promise<void>;
  /**
   * Advances the head after the proposals that it includes; an older offset changes nothing.
   * @throws StateLost if the head is of another incarnation than the batch, or includes less than the messages before it
   */
  advance(partition: number, offset: number, batch: PoolBatch): Promise<void>;
  /** Deletes the head. Pools stay: proposals that are read again find them equal or newer. */
  clear(partition: number): Promise<void>;
}
