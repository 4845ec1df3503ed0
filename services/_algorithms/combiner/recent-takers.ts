import { DecayedCounts } from '../retrieval/popularity.ts';
import { type ItemActions, TAKER_HALF_LIVES } from './traits.ts';

const MS_PER_DAY = 86_400_000;

/**
 * Recent takers of items, kept action by action: each user counts once for an item, by 2^(−age of the last time / half-life), once for each of
 * `TAKER_HALF_LIVES`. The caller keeps the last times. What is kept is a function of the actions, whatever their order, up to rounding.
 */
export class RecentTakers<Id extends string | number = string> {
  readonly #sums = TAKER_HALF_LIVES.map((days) => new DecayedCounts<Id>(days * MS_PER_DAY));

  /** Counts a user who took the item at `at`, ms. @param before when the same user took it last; undefined for the first time */
  add(item: Id, at: number, before?: number): void {
    if (before !== undefined && before >= at) return;
    for (const sum of this.#sums) {
      sum.add(item, at);
      if (before !== undefined) sum.add(item, before, -1);
    }
  }

  /** Takers of the item by half-life, at the newest time that was counted. */
  countsOf(item: Id): number[] {
    // Rounding may leave less than nothing of a count that was taken off again.
    return this.#sums.map((sum) => Math.max(0, sum.count(item)));
  }
}

/** The recent takers of numbered items, whose last times are all kept. */
export class CountedTakers {
  readonly #takers = new RecentTakers<number>();
  readonly #lastTimes = new Map<number, number>();
  readonly #actions: ItemActions;
  readonly #itemCount: number;

  constructor(actions: ItemActions, itemCount: number) {
    this.#actions = actions;
    this.#itemCount = itemCount;
  }

  /** Counts the action at a position. */
  take(position: number): void {
    const { user, item, at } = this.#actions;
    const own = item[position]!;
    const time = at[position]!;
    const pair = user[position]! * this.#itemCount + own;
    const before = this.#lastTimes.get(pair);
    this.#takers.add(own, time, before);
    if (before === undefined || before < time) this.#lastTimes.set(pair, time);
  }

  countsOf(item: number): number[] {
    return this.#takers.countsOf(item);
  }
}
