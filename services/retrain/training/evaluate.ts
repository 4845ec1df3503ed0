import * as tf from '@tensorflow/tfjs-node';
import type { PairColumns } from '#algorithms/pinsage/pairs.ts';

/** How well the neighbours of a query contain its positive; all figures in [0, 1]. */
export interface RetrievalMetrics {
  /** Number of pairs behind the figures; with 0 pairs all figures are 0. */
  readonly pairs: number;
  readonly hitRateAt10: number;
  readonly hitRateAt100: number;
  /** Mean of 1 / rank. The paper's is over ⌈rank / 100⌉. */
  readonly meanReciprocalRank: number;
  /** Mean of 1 / log₂(1 + rank), over all ranks: the figure with the least noise on a few hundred pairs. */
  readonly ndcg: number;
}

/** Pairs at a time: limits the scores to CHUNK · n floats. */
const CHUNK = 256;

/**
 * Ranks each pair's positive among all items except the query, by dot product; half of the equal scores count as
 * better. `embeddings` is n × dim with rows of length 1 or 0.
 */
export function evaluateRetrieval(
  embeddings: Float32Array,
  dim: number,
  pairs: PairColumns,
): RetrievalMetrics {
  const ranks = ranksOfPositives(embeddings, dim, pairs);
  const mean = (value: (rank: number) => number) =>
    ranks.reduce((sum, rank) => sum + value(rank), 0) / Math.max(1, ranks.length);
  return {
    pairs: ranks.length,
    hitRateAt10: mean((rank) => (rank <= 10 ? 1 : 0)),
    hitRateAt100: mean((rank) => (rank <= 100 ? 1 : 0)),
    meanReciprocalRank: mean((rank) => 1 / rank),
    ndcg: mean((rank) => 1 / Math.log2(1 + rank)),
  };
}

/** Rank of each positive, from 1. */
export function ranksOfPositives(embeddings: Float32Array, dim: number, pairs: PairColumns): Float64Array {
  const itemCount = embeddings.length / dim;
  const ranks = new Float64Array(pairs.query.length);
  const all = tf.tensor2d(embeddings, [itemCount, dim]);
  for (let start = 0; start < ranks.length; start += CHUNK) {
    const query = pairs.query.subarray(start, start + CHUNK);
    const product = tf.tidy(() => tf.matMul(tf.gather(all, tf.tensor1d(query, 'int32')), all, false, true));
    const scores = product.dataSync();
    product.dispose();
    for (let p = 0; p < query.length; p++) {
      const row = scores.subarray(p * itemCount, (p + 1) * itemCount);
      ranks[start + p] = rankOf(row, pairs.positive[start + p]!, query[p]!);
    }
  }
  all.dispose();
  return ranks;
}

function rankOf(scores: ArrayLike<number>, positive: number, query: number): number {
  const own = scores[positive]!;
  let better = 0;
  let equal = 0;
  for (let item = 0; item < scores.length; item++) {
    if (item === query || item === positive) continue;
    if (scores[item]! > own) better++;
    else if (scores[item] === own) equal++;
  }
  return 1 + better + equal / 2;
}
