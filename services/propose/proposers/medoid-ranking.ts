import { boundedTopK } from '#algorithms/retrieval/bounded-scan.ts';
import { dot } from '#algorithms/vectors.ts';
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
export function priorsOf({ popularity }: Pick<EmbeddedItems, 'popularity'>, exponent: number): Float64Array {
  return popularity.map((share) => Math.max(LEAST_POPULARITY, share) ** exponent);
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
  const { dim, matrix } = items;
  const known: Near[] = [];
  const query = new Float64Array(dim);
  for (const one of medoids) {
    const vector = items.vectorOf(one.medoid.itemId);
    if (vector === undefined) continue;
    known.push({ ...one, vector });
    for (let i = 0; i < dim; i++) query[i]! += one.weight * vector[i]!;
  }
  if (known.length === 0) return [];
  const excluded = new Uint8Array(items.itemIds.length);
  for (const itemId of seen) {
    const place = items.placeOf(itemId);
    if (place >= 0) excluded[place] = 1;
  }
  const rows = { matrix, dim, factors: priors };
  const { places, scores } = boundedTopK({ rows, query, k: candidates, excluded });
  return Array.from(places, (place, rank) => ({
    itemId: items.itemIds[place]!,
    score: scores[rank]!,
    because: causeOf(matrix.subarray(place * dim, (place + 1) * dim), known, items.nearFrom),
    popularity: items.popularity[place]!,
  }));
}

interface Near extends WeightedMedoid {
  readonly vector: Float32Array;
}

/** The medoid of the largest contribution, if it is near. */
function causeOf(vector: Float32Array, medoids: readonly Near[], nearFrom: number): Cause | null {
  let largest = 0;
  let cosine = 0;
  let cause: Near | undefined;
  for (const one of medoids) {
    // Weights fall, and no cosine is above 1: no later medoid contributes more.
    if (one.weight <= largest) break;
    const own = dot(one.vector, vector);
    if (one.weight * own <= largest) continue;
    largest = one.weight * own;
    cosine = own;
    cause = one;
  }
  if (cause === undefined || cosine < nearFrom) return null;
  const { itemId, type, lastOccurredAt } = cause.medoid;
  return { itemId, type, importance: cause.share, lastOccurredAt };
}
