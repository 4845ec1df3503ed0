import type { UserInterests } from '#contracts/generated/records.ts';
import type { Staging } from './scenario.ts';
import { itemsOf } from './train.ts';
import type { World } from './world.ts';

/** The interests of the users, as the stage of that name writes them. */
export class UsersOfFlips {
  readonly userIds: readonly string[] = ['ann', 'bob', 'cid', 'dan', 'eve', 'fay'];
  readonly #world: World;
  readonly #random: Staging['random'];
  readonly #newest = new Map<string, UserInterests>();
  /** Generation in which a user is clustered; each meets a flip at another moment. */
  readonly #generations = new Map<string, string>();
  #version = 0;

  constructor(world: World, random: Staging['random']) {
    this.#world = world;
    this.#random = random;
  }

  /** A user acts; seldom a former owner writes older interests late, or the user is erased. */
  change(): void {
    const userId = this.userIds[this.#random.integer(this.userIds.length)]!;
    const chance = this.#random.next();
    const newest = this.#newest.get(userId);
    if (chance < 0.05 && newest !== undefined) {
      this.#write({ ...newest, version: newest.version - 1, receivedAt: newest.receivedAt - 1 });
      return;
    }
    if (chance < 0.1) {
      this.#newest.delete(userId);
      this.#world.write('interests', userId, null);
      return;
    }
    this.#version += 2;
    const now = Math.round(this.#world.scheduler.now);
    const medoid = itemsOf('g1')[this.#random.integer(5)]!;
    const interests: UserInterests = {
      userId,
      version: this.#version,
      generation: this.#generations.get(userId) ?? 'g1',
      streamTime: now,
      receivedAt: now,
      medoids: [{ itemId: medoid, type: 'buy', importance: 1, size: 1, lastOccurredAt: now }],
      recent: [medoid],
      windowSize: 1,
      unknownItems: 0,
      types: [],
      recentTypes: [],
      repeats: [],
    };
    this.#newest.set(userId, interests);
    this.#write(interests);
  }

  /** The user meets a flip: the same interests are clustered again. */
  flip(userId: string, generation: string): void {
    this.#generations.set(userId, generation);
    const newest = this.#newest.get(userId);
    if (newest === undefined) return;
    this.#newest.set(userId, { ...newest, generation });
    this.#write({ ...newest, generation });
  }

  #write(interests: UserInterests): void {
    this.#world.write('interests', interests.userId, interests);
  }
}
