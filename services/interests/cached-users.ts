import { LRUCache } from 'lru-cache';
import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import type { UserClusters } from './clusters.ts';

/** The part of a user's record in Redis that the next action needs, decoded. */
export interface CachedUser {
  readonly window: ActionWindow;
  readonly clusters: UserClusters | undefined;
  /** Offset of the newest action included. */
  readonly offset: number;
  /** As in `DecodedRecord`. */
  readonly deltaBytes: number;
}

/**
 * Users of the owned partitions, so that their records need not be read and decoded for each action; the least recently
 * active are evicted first. A user may be cached only as it was written, and only while no other process can write it.
 *
 * A user is taken out of the cache during the work on it: if the work is interrupted, the record is read again.
 */
export class CachedUsers {
  readonly #users: LRUCache<string, CachedUser>;

  /** @param maximumBytes bound on the estimated bytes of all users; a user that is larger alone is not cached */
  constructor(maximumBytes: number) {
    this.#users = new LRUCache({ maxSize: Math.max(1, Math.floor(maximumBytes)), sizeCalculation: bytesOf });
  }

  /** Estimated bytes of all users; large users are estimated from above. */
  get bytes(): number {
    return this.#users.calculatedSize;
  }

  /** Removes a user from the cache and returns it; undefined when it is not cached. */
  remove(userId: string): CachedUser | undefined {
    const user = this.#users.peek(userId);
    this.#users.delete(userId);
    return user;
  }

  put(userId: string, user: CachedUser): void {
    this.#users.set(userId, user);
  }

  forget(userId: string): void {
    this.#users.delete(userId);
  }
}

/** An action with its event id, and its place in the lists of window and clustering. */
const ACTION_BYTES = 250;
const USER_BYTES = 1_000;
/** Evidence, labels, weights, merges, and the vector if no other object holds it; the id is that of the actions. */
const LEAF_BYTES = 500;

function bytesOf({ window, clusters }: CachedUser): number {
  const leaves = clusters?.clustering?.itemIds.length ?? 0;
  return USER_BYTES + window.actions.length * ACTION_BYTES + leaves * LEAF_BYTES;
}
