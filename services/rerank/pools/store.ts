import type { HeldProposal, Pool } from './pool.ts';

/** held: the pool holds the proposal now; stale: it holds a newer one; full: it holds MAX_MODELS other models. */
export type PutOutcome = 'held' | 'stale' | 'full';

/** The newest proposal of each user and model. */
export interface PoolStore {
  /**
   * Holds the proposal unless the one held of the same user and model stands at the same or a later offset, or
   * answers newer interests, or the pool is full.
   */
  put(arriving: HeldProposal): Promise<PutOutcome>;
  /** What a slate of the user is chosen from; the lists for everybody alone when the user is not known. */
  read(userId: string): Promise<Pool>;
  erase(userId: string): Promise<void>;
}
