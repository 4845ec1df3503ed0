import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { dot } from '#algorithms/vectors.ts';
import type { Embedding } from './retrieval.ts';

export interface RankingOutcome {
  /** Share of the first n that are among the n taken items, in [0, 1]. */
  readonly rPrecision: number;
  /** Mean of 1/rank over the taken items. */
  readonly reciprocalRank: number;
}

/**
 * Ranks taken items among others by their best cosine to an embedding (PinnerSage, KDD 2020, §5.2). Items are
 * distinct rows of the table; among equal scores the others come first.
 */
export function rankTaken(
  embeddings: readonly Embedding[],
  taken: readonly number[],
  others: readonly number[],
  vectors: VectorTable,
): RankingOutcome {
  const score = (row: number) => Math.max(...embeddings.map(({ vector }) => dot(vector, vectors.at(row))));
  const scored = [
    ...others.map((row) => ({ isTaken: false, score: score(row) })),
    ...taken.map((row) => ({ isTaken: true, score: score(row) })),
  ].sort((a, b) => b.score - a.score);
  let inFront = 0;
  let reciprocals = 0;
  scored.forEach(({ isTaken }, place) => {
    if (!isTaken) return;
    if (place < taken.length) inFront++;
    reciprocals += 1 / (place + 1);
  });
  return { rPrecision: inFront / taken.length, reciprocalRank: reciprocals / taken.length };
}
