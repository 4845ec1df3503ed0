import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';

const DAY_MS = 86_400_000;

/** Positive pairs of items, by number. */
export interface ItemPairs {
  readonly left: Int32Array;
  readonly right: Int32Array;
}

/** Draws pairs of two items that one user took on one day (UTC); a day counts by its items, not by their pairs. */
export interface DayPairs {
  /** Distinct items of days with at least two. */
  readonly count: number;
  draw(count: number, random: Random): ItemPairs;
}

/** @param countsAs items of other days and of other kinds are left out */
export function createDayPairs(
  { user, item, at }: Pick<ActionColumns, 'user' | 'item' | 'at'>,
  countsAs: (item: number) => boolean = () => true,
): DayPairs {
  const dayOf = (position: number) => Math.floor(at[position]! / DAY_MS);
  const order = Int32Array.from(user.keys())
    .filter((position) => countsAs(item[position]!))
    .sort((a, b) => user[a]! - user[b]! || dayOf(a) - dayOf(b) || item[a]! - item[b]!);
  const items: number[] = [];
  /** Where the day of each item begins and ends in `items`. */
  const begins: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < order.length; ) {
    const own: number[] = [];
    let next = start;
    for (; next < order.length; next++) {
      const [first, position] = [order[start]!, order[next]!];
      if (user[position] !== user[first] || dayOf(position) !== dayOf(first)) break;
      if (own.at(-1) !== item[position]) own.push(item[position]!);
    }
    if (own.length > 1) {
      for (const one of own) {
        begins.push(items.length - own.indexOf(one));
        items.push(one);
      }
      const end = items.length;
      for (let i = 0; i < own.length; i++) ends.push(end);
    }
    start = next;
  }
  return {
    count: items.length,
    draw(count, random) {
      const left = new Int32Array(items.length === 0 ? 0 : count);
      const right = new Int32Array(left.length);
      for (let i = 0; i < left.length; i++) {
        const place = random.integer(items.length);
        const begin = begins[place]!;
        // One of the others of that day.
        const other = begin + random.integer(ends[place]! - begin - 1);
        left[i] = items[place]!;
        right[i] = items[other < place ? other : other + 1]!;
      }
      return { left, right };
    },
  };
}
