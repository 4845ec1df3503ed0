import { TopK } from '#algorithms/top-k.ts';
import { bestUnseen } from './medoid-neighbours.ts';
import type { Recommendations } from './scores.ts';
import type { TemporalSplit } from './split.ts';

/**
 * The usual item-based collaborative filter (Deshpande and Karypis 2004), the baseline of medoid neighbours: an item
 * scores the sum of its cosines to the user's items, as sets of users, over the `k` nearest of each, times `prior`.
 */
export function recommendByItemKnn(
  { relevant, seen }: TemporalSplit,
  prior: Float64Array,
  k: number,
): Recommendations {
  const neighboursOf = nearestItems(seen, prior.length, k);
  const recommend = (user: number) => {
    const scores = new Float64Array(prior.length);
    for (const item of seen.get(user)!) {
      const { items, cosines } = neighboursOf(item);
      items.forEach((neighbour, place) => {
        scores[neighbour]! += cosines[place]! * prior[neighbour]!;
      });
    }
    return bestUnseen(scores, seen.get(user)!);
  };
  return new Map([...relevant.keys()].map((user) => [user, recommend(user)]));
}

interface NearestItems {
  readonly items: Int32Array;
  readonly cosines: Float64Array;
}

/** The k nearest other items of each item, computed at its first use. */
function nearestItems(seen: TemporalSplit['seen'], itemCount: number, k: number) {
  const usersOf = Array.from({ length: itemCount }, () => [] as number[]);
  for (const [user, items] of seen) for (const item of items) usersOf[item]!.push(user);
  const known = new Map<number, NearestItems>();
  return (item: number): NearestItems => {
    const nearest = known.get(item) ?? nearestTo(item, usersOf, seen, k);
    known.set(item, nearest);
    return nearest;
  };
}

function nearestTo(
  item: number,
  usersOf: readonly (readonly number[])[],
  seen: TemporalSplit['seen'],
  k: number,
): NearestItems {
  const together = new Float64Array(usersOf.length);
  for (const user of usersOf[item]!) for (const other of seen.get(user)!) together[other]!++;
  const top = new TopK(k);
  together.forEach((users, other) => {
    if (other === item || users === 0) return;
    top.offer(other, users / Math.sqrt(usersOf[item]!.length * usersOf[other]!.length));
  });
  const items = new Int32Array(top.size);
  const cosines = new Float64Array(top.size);
  top.drainInto(items, cosines);
  return { items, cosines };
}
