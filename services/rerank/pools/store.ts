import type { HeldProposal, Pool } from './pool.ts';

/** The newest proposal of each user and model. */
export interface PoolStore {
  /**
   * Holds the proposal unless the one held of the same user and model stands at the same or a later offset, or
   * answers newer interests.
   * @returns whether it is held now
   */
  put(arriving: HeldProposal): Promise<boolean>;
  /** What a slate of the user is chosen from; the lists for everybody alone when the user is not known. */
  read(userId: string): Promise<Pool>;
  erase(userId: string): Promise<void>;
}
