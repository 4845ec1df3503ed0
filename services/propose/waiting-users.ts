import type { UserInterests } from '#contracts/generated/records.ts';

/** A user who is to get a list. */
export interface Asked {
  readonly interests: UserInterests;
  /** Offset of the interests in their partition, and Kafka's timestamp, ms. */
  readonly offset: number;
  readonly timestamp: number;
  /** Trace context of the interests, which the proposal continues. */
  readonly trace: string | undefined;
}

/** Users who wait for a list of a model, each with the newest interests, in the order in which they began to wait. */
export class WaitingUsers {
  readonly #limit: number;
  readonly #users = new Map<string, Asked>();

  /** @param limit most users, from 0 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#users.size;
  }

  /** Adds a user unless newer interests wait. @returns how many users were dropped to stay below the limit */
  add(asked: Asked): number {
    const { userId, version } = asked.interests;
    const waiting = this.#users.get(userId);
    if (waiting !== undefined && waiting.interests.version > version) return 0;
    this.#users.set(userId, asked);
    if (this.#users.size <= this.#limit) return 0;
    this.#users.delete(this.#users.keys().next().value!);
    return 1;
  }

  has(userId: string): boolean {
    return this.#users.has(userId);
  }

  /** The first `count` users. */
  first(count: number): Asked[] {
    return [...this.#users.values()].slice(0, count);
  }

  /** Removes the users who got their list; a user with newer interests continues to wait. */
  settle(served: readonly Asked[]): void {
    for (const asked of served) {
      const { userId } = asked.interests;
      if (this.#users.get(userId) === asked) this.#users.delete(userId);
    }
  }

  /** Moves users behind the others. */
  postpone(failed: readonly Asked[]): void {
    for (const { interests } of failed) {
      const waiting = this.#users.get(interests.userId);
      if (waiting === undefined) continue;
      this.#users.delete(interests.userId);
      this.#users.set(interests.userId, waiting);
    }
  }

  forget(userId: string): void {
    this.#users.delete(userId);
  }
}
