import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { dot, row } from '#algorithms/vectors.ts';
import { evaluateRetrieval, ranksOfPositives } from './evaluate.ts';

const dim = 4;
const pairsOf = (pairs: readonly (readonly [query: number, positive: number])[]) => ({
  query: Int32Array.from(pairs, ([query]) => query),
  positive: Int32Array.from(pairs, ([, positive]) => positive),
  at: new Float64Array(pairs.length),
});

describe('retrieval metrics', () => {
  it('positives are ranked as by a full sort, over more pairs than one chunk', () => {
    const random = createRandom('embeddings');
    const embeddings = Float32Array.from({ length: 50 * dim }, () => random.normal());
    const pairs = Array.from({ length: 600 }, (_, i) => [i % 50, (i * 7 + 1) % 50] as const).filter(
      ([q, p]) => q !== p,
    );
    const ranks = ranksOfPositives(embeddings, dim, pairsOf(pairs));
    for (const [i, [query, positive]] of pairs.entries()) {
      const score = (item: number) => dot(row(embeddings, query, dim), row(embeddings, item, dim));
      const others = Array.from({ length: 50 }, (_, item) => item).filter((item) => item !== query);
      assert.equal(ranks[i], 1 + others.sort((a, b) => score(b) - score(a)).indexOf(positive));
    }
  });

  it('an item among equal scores gets the middle rank, so that collapsed embeddings score like chance', () => {
    const { meanReciprocalRank, hitRateAt10, ndcg } = evaluateRetrieval(
      new Float32Array(101 * dim),
      dim,
      pairsOf([[0, 5]]),
    );
    assert.equal(meanReciprocalRank, 1 / 50.5);
    assert.equal(ndcg, 1 / Math.log2(51.5));
    assert.equal(hitRateAt10, 0);
  });

  it('all metrics are zero over no pairs', () => {
    const metrics = evaluateRetrieval(new Float32Array(dim), dim, pairsOf([]));
    assert.deepEqual(metrics, { pairs: 0, hitRateAt10: 0, hitRateAt100: 0, meanReciprocalRank: 0, ndcg: 0 });
  });
});
