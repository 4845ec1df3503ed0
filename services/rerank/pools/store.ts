import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { Head, HeadChange } from '#platform/kafka/held-state.ts';
import type { HeldProposal, Pool } from './pool.ts';

/** held: the pool holds the proposal now; stale: it holds a newer one; full: it holds MAX_MODELS other models. */
export type PutOutcome = 'held' | 'stale' | 'full';

/** Where a batch continues the state; undefined if that is not known. */
export type PoolBatch = Pick<IncomingBatch<unknown>, 'readFrom' | 'incarnation'>;

/** The newest proposal of each user and model. */
export interface PoolStore {
  /**
   * Stores the proposal unless the stored one of the same user and model has the same or a later offset, or answers
   * newer interests, or the pool is full. The pool of a topic that is gone is deleted first.
   */
  put(partition: number, arriving: HeldProposal): Promise<PutOutcome>;
  /** The pool of the user; the lists for everyone if the user is unknown. */
  read(userId: string): Promise<Pool>;
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
