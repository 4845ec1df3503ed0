import { boundedTopK } from '#algorithms/retrieval/bounded-scan.ts';
import { BLOCK_ROWS } from '#algorithms/retrieval/product-rows.ts';
import { pausesAt, runSteps, type Steps } from '#algorithms/steps.ts';
import type { Cause, Medoid } from '#contracts/generated/records.ts';
import type { EmbeddedItems } from '../embeddings/embedded-items.ts';
import type { Candidate } from './proposer.ts';

/** A medoid with its part in the score. */
export interface WeightedMedoid {
  readonly medoid: Medoid;
  /** Above 0; falling in the list of a user, and 1 in sum. */
  readonly weight: number;
  /** Its share in the importance of all medoids of the user, 0 to 1. */
  readonly share: number;
}

export interface MedoidRanking {
  readonly items: EmbeddedItems;
  /** Prior of each item, at least 0 and falling, as `priorsOf` returns it. */
  readonly priors: Float64Array;
  readonly medoids: readonly WeightedMedoid[];
  /** Ids of items that are left out. */
  readonly seen: readonly string[];
  /** Most candidates. */
  readonly candidates: number;
}

/** Popularity of an item without recent actions, so that a new item keeps a chance: it has no other way into a slate. */
const LEAST_POPULARITY = 1e-3;

/** popularity^exponent, by place; it falls as popularity does. @param exponent at least 0 */
export function priorsOf(items: Pick<EmbeddedItems, 'popularity'>, exponent: number): Float64Array {
  return runSteps(priorSteps(items, exponent));
}

/** As `priorsOf`, in steps. */
export function* priorSteps(
  { popularity }: Pick<EmbeddedItems, 'popularity'>,
  exponent: number,
): Steps<Float64Array> {
  const priors = new Float64Array(popularity.length);
  for (let place = 0; place < priors.length; place++) {
    if (pausesAt(place)) yield;
    priors[place] = Math.max(LEAST_POPULARITY, popularity[place]!) ** exponent;
  }
  return priors;
}

/**
 * The candidates of the highest Σ weight · cosine to the medoids, times the prior, over all items that may be proposed: the sum is
 * one product with the weighted mean of the medoids, so that one scan finds exactly the best. Items of a score ≤ 0 and seen items are
 * left out. The stage and the evaluation both rank by this function.
 *
 * A candidate names the medoid of the largest contribution as its cause if that medoid is near it (`nearFrom`), else none: the item then owes its place to its popularity.
 * @returns the best first, ties by popularity and then by item id
 */
export function rankByMedoids({ items, priors, medoids, seen, candidates }: MedoidRanking): Candidate[] {
  const { dim, rows } = items;
  const known: WeightedMedoid[] = [];
  const vectors: Float32Array[] = [];
  const query = new Float64Array(dim);
  for (const one of medoids) {
    const vector = items.vectorOf(one.medoid.itemId);
    if (vector === undefined) continue;
    known.push(one);
    vectors.push(vector);
    const { weight } = one;
    for (let i = 0; i < dim; i++) query[i]! += weight * vector[i]!;
  }
  if (known.length === 0) return [];
  const excluded = offeredPlaces(seen, items);
  const { places, scores } = boundedTopK({ rows, factors: priors, query, k: candidates, excluded });
  const probes = { vectors, weights: known.map(({ weight }) => weight) };
  const causes = new Array<Cause | undefined>(known.length);
  const found: Candidate[] = [];
  for (let from = 0; from < places.length; from += BLOCK_ROWS) {
    const block = places.subarray(from, from + BLOCK_ROWS);
    const strongest = rows.strongest(block, probes);
    for (let i = 0; i < block.length; i++) {
      const place = block[i]!;
      const probe = strongest.probes[i]!;
      const isNear = probe >= 0 && strongest.products[i]! >= items.nearFrom;
      if (isNear) causes[probe] ??= asCause(known[probe]!);
      found.push({
        itemId: items.itemIds[place]!,
        score: scores[from + i]!,
        because: isNear ? causes[probe]! : null,
        popularity: items.popularity[place]!,
      });
    }
  }
  return found;
}

/** The places of those of the items that may be proposed. */
export function offeredPlaces(itemIds: readonly string[], items: EmbeddedItems): number[] {
  const places: number[] = [];
  for (const number of items.numbersOf(itemIds)) {
    const place = items.placeOfNumber(number);
    if (place >= 0) places.push(place);
  }
  return places;
}

function asCause({ medoid: { itemId, type, lastOccurredAt }, share }: WeightedMedoid): Cause {
  return { itemId, type, importance: share, lastOccurredAt };
}
