import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { interestsOf, recommendByMedoids, recommendPopular } from './medoid-neighbours.ts';
import { scoreRecommendations } from './scores.ts';
import { splitOf } from './split.testing.ts';

const DAY_MS = 86_400_000;

/**
 * Items 0–2 lie near (1, 0), items 3–5 near (0, 1). User 7 took two of the first kind, and long ago one of the other.
 */
const split = splitOf({
  itemCount: 6,
  train: {
    user: Int32Array.of(7, 7, 7),
    item: Int32Array.of(3, 0, 1),
    context: Int32Array.of(0, 1, 2),
    weight: new Float32Array(3).fill(1),
    at: Float64Array.of(0, 50 * DAY_MS, 51 * DAY_MS),
  },
  seen: [[7, [0, 1, 3]]],
  relevant: [[7, [4]]],
});
const near = (x: number) => [Math.cos(x), Math.sin(x)];
const vectors = {
  vectors: Float32Array.from([0, 0.1, 0.2, 1.5, 1.4, 1.3].flatMap(near)),
  dim: 2,
  alpha: 0.5,
};
const flat = new Float64Array(6).fill(1);
const WINDOW = { days: 100, maximum: 400, lambdaPerDay: 0 };

describe('medoid neighbours', () => {
  const interests = interestsOf(split, vectors, WINDOW);

  it('interests are those of the window, the most important first', () => {
    assert.deepEqual(
      interests.get(7)!.map(({ members }) => members),
      [['0', '1'], ['3']],
    );
    assert.equal(interestsOf(split, vectors, { ...WINDOW, days: 10 }).get(7)!.length, 1);
    assert.equal(interestsOf(split, vectors, { ...WINDOW, maximum: 2 }).get(7)!.length, 1);
  });

  it('neighbours are near to any of the requested medoids, and never seen before', () => {
    const one = recommendByMedoids(split, interests, vectors, flat, 1).get(7)!;
    assert.deepEqual(one, [2, 5, 4]);
    const prior = Float64Array.of(1, 1, 0, 1, 1, 0.5);
    const both = recommendByMedoids(split, interests, vectors, prior, 2).get(7)!;
    assert.deepEqual(both, [4, 5, 2], 'popular items win among equally near ones');
  });

  it('the lists have the scores of the metrics', () => {
    const scores = scoreRecommendations(split, new Map([[7, [2, 4]]]));
    assert.equal(scores.ndcg10, 1 / Math.log2(3));
    assert.equal(scores.recall10, 1);
    assert.equal(scores.coverage10, 2 / 6);
    assert.equal(scoreRecommendations(split, new Map()).ndcg10, 0);
  });

  it('popularity is a list of its own', () => {
    const recommended = recommendPopular(split, Float64Array.of(9, 9, 1, 9, 3, 2));
    assert.deepEqual(recommended.get(7), [4, 5, 2]);
  });
});
