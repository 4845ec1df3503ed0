import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import type { TemporalSplit } from './split.ts';

/** Number of users who took each item in `train`. */
export function takersByItem({ seen, itemIds }: TemporalSplit): Float64Array {
  const takers = new Float64Array(itemIds.length);
  for (const items of seen.values()) for (const item of items) takers[item]!++;
  return takers;
}

/**
 * The same, but a user who last took the item `halfLifeDays` before the end counts one half. A user who takes it
 * every day counts only once.
 */
export function recentTakersByItem({ train, itemIds }: TemporalSplit, halfLifeDays: number): Float64Array {
  const end = train.at.at(-1)!;
  const lastTaken = new Map<number, number>();
  train.item.forEach((item, i) => {
    lastTaken.set(train.user[i]! * itemIds.length + item, train.at[i]!);
  });
  const takers = new Float64Array(itemIds.length);
  for (const [pair, at] of lastTaken) {
    takers[pair % itemIds.length]! += 2 ** ((at - end) / (halfLifeDays * MILLISECONDS_PER_DAY));
  }
  return takers;
}

/** Number of users who took each item among the newest actions of `train`. @param share of the actions, in (0, 1] */
export function newestTakersByItem({ train, itemIds }: TemporalSplit, share: number): Float64Array {
  const takers = new Float64Array(itemIds.length);
  const pairs = new Set<number>();
  for (let i = Math.floor(train.at.length * (1 - share)); i < train.at.length; i++)
    pairs.add(train.user[i]! * itemIds.length + train.item[i]!);
  for (const pair of pairs) takers[pair % itemIds.length]!++;
  return takers;
}
