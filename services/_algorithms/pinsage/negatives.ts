import type { Random } from '../random.ts';
import { firstAbove } from './cumulative.ts';
import type { ItemContextGraph } from './live-graph.ts';
import { createWalker, type WalkOptions } from './walks.ts';

/** Draws item indices, with repetition. */
export interface NegativeSampler {
  sample(count: number, random: Random): Int32Array;
}

/**
 * Negatives shared by a whole batch (PinSage, KDD 2018, §3.3), drawn ∝ (popularity + 1)^power. Power 0 is the paper's
 * uniform draw. Above it (word2vec has 0.75) popular items, the positives of everything, are also the negatives of
 * everything: the vectors say less about popularity, and learning them takes longer.
 * `popularity` counts contexts an item, ≥ 0. Throws RangeError where it is empty.
 */
export function createNegativeSampler(popularity: ArrayLike<number>, power = 0): NegativeSampler {
  if (popularity.length === 0) throw new RangeError('No items to draw negatives from');
  const cumulative = new Float64Array(popularity.length);
  let total = 0;
  for (let item = 0; item < popularity.length; item++) {
    total += (popularity[item]! + 1) ** power;
    cumulative[item] = total;
  }
  return {
    sample: (count, random) =>
      Int32Array.from({ length: count }, () =>
        firstAbove(cumulative, 0, cumulative.length, random.next() * total),
      ),
  };
}

export interface HardNegativeOptions extends WalkOptions {
  /** The band of personalised-PageRank ranks, as shares of the catalogue in [0, 1]: near, yet not the nearest. */
  readonly fromShare: number;
  readonly toShare: number;
  /** Candidates kept an item. */
  readonly size: number;
}

/** Items that look like positives of an item and are not: related enough to be hard. */
export interface HardNegatives {
  /** Most candidates an item has. */
  readonly size: number;
  /** At most `size` item indices in random order, the same whenever asked; fewer where the band holds fewer. */
  candidatesOf(item: number): Int32Array;
}

/**
 * Hard negatives by rank of personalised PageRank from each item (PinSage, KDD 2018, §3.3; there ranks 2000–5000 of
 * 2·10⁹). Walks that are too short for the band leave it thin or empty, never wrong. An item is walked from when it is
 * first asked for, since a training meets only a part of the catalogue, and draws under a fork of `random` named by
 * its index. Throws RangeError unless 0 ≤ from < to ≤ 1.
 */
export function createHardNegatives(
  graph: ItemContextGraph,
  options: HardNegativeOptions,
  random: Random,
): HardNegatives {
  const { fromShare, toShare, size } = options;
  if (!(fromShare >= 0 && fromShare < toShare && toShare <= 1)) {
    throw new RangeError(`Rank band ${fromShare}–${toShare} is not inside 0–1`);
  }
  const first = Math.floor(fromShare * graph.itemCount);
  const end = Math.ceil(toShare * graph.itemCount);
  const walker = createWalker(graph, options);
  const known = new Map<number, Int32Array>();
  function walk(item: number): Int32Array {
    const source = random.fork(item);
    const band = walker.visits(item, source).items.subarray(first, end);
    // A copy of its own size: the band is a view of all that the walk met.
    return shuffle(band, source).slice(0, size);
  }
  return {
    size,
    candidatesOf: (item) => {
      const candidates = known.get(item) ?? walk(item);
      known.set(item, candidates);
      return candidates;
    },
  };
}

/** Harder and harder: none in the first epoch, n − 1 an example in epoch n (PinSage, §3.3), counted from 1. */
export function hardNegativesInEpoch(epoch: number): number {
  return epoch - 1;
}

/** Fisher–Yates, in place. */
function shuffle(items: Int32Array, random: Random): Int32Array {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
