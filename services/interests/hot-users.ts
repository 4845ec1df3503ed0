import type { ActionWindow } from '#algorithms/pinnersage/window.ts';
import { BoundedMap } from './bounded-map.ts';
import type { UserClusters } from './clusters.ts';

/** What the next action of a user needs: the record in Redis, read already. */
export interface HotUser {
  readonly window: ActionWindow;
  readonly clusters: UserClusters | undefined;
  /** Offset of the newest action included. */
  readonly offset: number;
}

/**
 * The users of the owned partitions that were active lately, so that their records need not be read and decoded for each
 * action. Only what was written may stand here, and only while no other process can write.
 *
 * A user is taken out for the time of the work on it: whatever interrupts that, the record is read again.
 */
export class HotUsers {
  readonly #users: BoundedMap<string, HotUser>;

  constructor(maximumBytes: number) {
    this.#users = new BoundedMap(maximumBytes, bytesOf);
  }

  /** Estimated, from above where it matters. */
  get bytes(): number {
    return this.#users.size;
  }

  get count(): number {
    return this.#users.count;
  }

  take(userId: string): HotUser | undefined {
    const user = this.#users.get(userId);
    this.#users.delete(userId);
    return user;
  }

  put(userId: string, user: HotUser): void {
    this.#users.set(userId, user);
  }

  forget(userId: string): void {
    this.#users.delete(userId);
  }
}

/** An action with its event id, and its place in the lists of window and clustering. */
const ACTION_BYTES = 250;
const USER_BYTES = 1_000;
/** What was read of an item, labels, weights, merges, and its vector where nobody else holds it; the id is its actions’. */
const LEAF_BYTES = 500;

function bytesOf({ window, clusters }: HotUser): number {
  const leaves = clusters?.clustering?.itemIds.length ?? 0;
  return USER_BYTES + window.actions.length * ACTION_BYTES + leaves * LEAF_BYTES;
}
