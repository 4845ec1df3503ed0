import type { HeldProposal, Pool } from './pool.ts';

/** held: the pool holds the proposal now; stale: it holds a newer one; full: it holds MAX_MODELS other models. */
export type PutOutcome = 'held' | 'stale' | 'full';

/** The newest proposal of each user and model. */
export interface PoolStore {
  /**
   * Stores the proposal unless the stored one of the same user and model has the same or a later offset, or answers
   * newer interests, or the pool is full.
   */
  put(arriving: HeldProposal): Promise<PutOutcome>;
  /** The pool of the user; the lists for everyone if the user is unknown. */
  read(userId: string): Promise<Pool>;
  erase(userId: string): Promise<void>;
}
