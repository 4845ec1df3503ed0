import type { Random } from '../random.ts';
import { firstAbove } from './cumulative.ts';
import { ranksOfBand } from './hard-band.ts';
import type { ItemContextGraph } from './live-graph.ts';
import { createWalker, type WalkOptions } from './walks.ts';

/** Draws item indices, with repetition. */
export interface NegativeSampler {
  sample(count: number, random: Random): Int32Array;
}

/**
 * Negatives shared by a whole batch (PinSage, KDD 2018, §3.3), drawn ∝ (popularity + 1)^power. Power 0 is the paper's
 * uniform draw. At higher powers (word2vec has 0.75) popular items, the positives of everything, are also the
 * negatives of everything: the vectors then contain less popularity, and learning takes longer. `popularity` counts
 * contexts per item, ≥ 0. Throws RangeError if it is empty.
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
  /** The rank at which the band begins where that is not the one of `fromShare` (`fitHardBand`). */
  readonly first?: number;
  /** Number of candidates kept per item. */
  readonly size: number;
}

/** Items that resemble positives of an item but are not: related enough to be hard. */
export interface HardNegatives {
  /** Maximum number of candidates per item. */
  readonly size: number;
  /** Returns at most `size` item indices in random order, the same at every call; fewer if the band holds fewer. */
  candidatesOf(item: number): Int32Array;
}

/**
 * Hard negatives by rank of personalised PageRank from each item (PinSage, KDD 2018, §3.3; there ranks 2000–5000 of
 * 2·10⁹). Walks that are too short for the band leave it sparse or empty, never wrong. The walks of an item run at
 * its first use, since a training meets only a part of the catalogue, and draw from a fork of `random` named by its
 * index. Throws RangeError unless 0 ≤ from < to ≤ 1.
 */
export function createHardNegatives(
  graph: ItemContextGraph,
  options: HardNegativeOptions,
  random: Random,
): HardNegatives {
  const { size } = options;
  const { first: wanted, end } = ranksOfBand(graph.itemCount, options);
  const { first = wanted } = options;
  const walker = createWalker(graph, options);
  const known = new Map<number, Int32Array>();
  function walk(item: number): Int32Array {
    const source = random.fork(item);
    const band = walker.visits(item, source).items.subarray(first, end);
    // Copies the band, which is a view of all items that the walk met.
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

/** Curriculum: no hard negatives in the first epoch, n − 1 per example in epoch n (PinSage, §3.3), counted from 1. */
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
