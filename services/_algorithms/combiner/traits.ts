/** Properties of an item that are the same for every user, as the actions up to a time show them. */
import { pausesAt, type Steps } from '../steps.ts';

const MS_PER_DAY = 86_400_000;
/** Half-lives of recent takers, days: the season, the last weeks, the last days, and the last day. */
export const TAKER_HALF_LIVES: readonly number[] = [60, 14, 7, 1];

export interface ItemActions {
  readonly user: Int32Array;
  readonly item: Int32Array;
  /** Event time, ms. */
  readonly at: Float64Array;
}

/** Groups of items that contain each other, such as department, category and type. */
export interface ItemGroups {
  readonly levels: number;
  /** itemCount × levels: the number of the item's group on each level, from the broadest to the narrowest; −1 for none. */
  readonly of: Int32Array;
}

/** Names of the columns of `itemTraits`, logarithms all. */
export const TRAITS = [
  'takers',
  'takers of the season',
  'growth over weeks',
  'growth over days',
  'growth over a day',
  'actions a taker',
  'age',
  'share of the narrowest group',
] as const;

/** itemCount × TRAITS.length, finite, row-major. Items are numbered from 0. */
export function itemTraits(
  actions: ItemActions,
  itemCount: number,
  { levels, of: groupOf }: ItemGroups,
): Float32Array {
  const end = actions.at.reduce((newest, at) => Math.max(newest, at), 0);
  const { lastTimes, counts, firstTimes } = tally(actions, itemCount);
  const takers = new Float64Array(itemCount);
  const recent = TAKER_HALF_LIVES.map(() => new Float64Array(itemCount));
  for (const [pair, at] of lastTimes) {
    const item = pair % itemCount;
    const age = (end - at) / MS_PER_DAY;
    takers[item]! += 1;
    TAKER_HALF_LIVES.forEach((halfLife, place) => {
      recent[place]![item]! += 2 ** (-age / halfLife);
    });
  }
  const inGroup = new Map<number, number>();
  const narrowest = (item: number) => (levels === 0 ? -1 : groupOf[item * levels + levels - 1]!);
  takers.forEach((count, item) => {
    inGroup.set(narrowest(item), (inGroup.get(narrowest(item)) ?? 0) + count);
  });
  const traits = new Float32Array(itemCount * TRAITS.length);
  for (let item = 0; item < itemCount; item++) {
    const taken = takers[item]!;
    if (taken === 0) continue;
    const group = narrowest(item);
    traits.set(
      [
        Math.log(taken),
        ...recentTraits(recent.map((counts) => counts[item]!)),
        Math.log(counts[item]! / taken),
        Math.log1p((end - firstTimes[item]!) / MS_PER_DAY),
        group < 0 ? 0 : Math.log(taken / inGroup.get(group)!),
      ],
      item * TRAITS.length,
    );
  }
  return traits;
}

/** Place of the first column that follows the recent takers. */
const FIRST_RECENT = 1;

/** Columns from `FIRST_RECENT` on. @param counts recent takers of an item by half-life */
function recentTraits([season, ...newer]: readonly number[]): number[] {
  return [Math.log(season! + 0.1), ...newer.map((count) => Math.log((count + 0.2) / (season! + 0.2)))];
}

/**
 * The traits with the recent takers of another time; the other columns, which change slowly, stay. An item that nobody had taken keeps its zeros.
 * @param countsOf recent takers of an item by half-life
 */
export function* traitsWithRecent(
  traits: Float32Array,
  countsOf: (item: number) => readonly number[],
): Steps<Float32Array> {
  const renewed = traits.slice();
  for (let item = 0, at = 0; at < renewed.length; item++, at += TRAITS.length) {
    if (pausesAt(item)) yield;
    if (isTaken(traits, item)) renewed.set(recentTraits(countsOf(item)), at + FIRST_RECENT);
  }
  return renewed;
}

/** An item that nobody took has zeros for traits, and no other item has: its first is the logarithm of 1 taker only beside other traits. */
export function isTaken(traits: Float32Array, item: number): boolean {
  return traits.subarray(item * TRAITS.length, (item + 1) * TRAITS.length).some((one) => one !== 0);
}

/** The last time of each pair of user and item, by user · itemCount + item, and the actions and the first time of each item. */
function tally({ user, item, at }: ItemActions, itemCount: number) {
  const lastTimes = new Map<number, number>();
  const counts = new Float64Array(itemCount);
  const firstTimes = new Float64Array(itemCount).fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < item.length; i++) {
    const own = item[i]!;
    const pair = user[i]! * itemCount + own;
    lastTimes.set(pair, Math.max(lastTimes.get(pair) ?? 0, at[i]!));
    counts[own]! += 1;
    firstTimes[own] = Math.min(firstTimes[own]!, at[i]!);
  }
  return { lastTimes, counts, firstTimes };
}

/** itemCount × levels: the share of the item's group in all pairs of user and item on its level; 0 for an item without a group. */
export function groupShares(takers: ArrayLike<number>, { levels, of: groupOf }: ItemGroups): Float32Array {
  const itemCount = takers.length;
  const shares = new Float32Array(itemCount * levels);
  let total = 0;
  for (let item = 0; item < itemCount; item++) total += takers[item]!;
  for (let level = 0; level < levels; level++) {
    const sums = new Map<number, number>();
    for (let item = 0; item < itemCount; item++) {
      const group = groupOf[item * levels + level]!;
      sums.set(group, (sums.get(group) ?? 0) + takers[item]!);
    }
    for (let item = 0; item < itemCount; item++) {
      const group = groupOf[item * levels + level]!;
      if (group >= 0 && total > 0) shares[item * levels + level] = sums.get(group)! / total;
    }
  }
  return shares;
}
