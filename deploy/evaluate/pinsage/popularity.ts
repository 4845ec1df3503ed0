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
