import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recommendAsServed } from './served.ts';
import { splitOf } from './split.testing.ts';

const DAY_MS = 86_400_000;
const interest = (item: number, importance: number) => ({
  itemId: String(item),
  importance,
  size: 1,
  lastOccurredAt: 0,
  members: [String(item)],
});

/** Items 0–2 lie together, and so do 3–5. User 7 likes the first kind more; 2 was popular long ago, 5 is now. */
const split = splitOf({
  itemCount: 6,
  train: {
    user: Int32Array.of(1, 2, 1, 2),
    item: Int32Array.of(2, 2, 5, 1),
    context: Int32Array.of(0, 1, 2, 3),
    weight: new Float32Array(4).fill(1),
    at: Float64Array.of(0, 0, 100 * DAY_MS, 100 * DAY_MS),
  },
  seen: [[7, [0, 3]]],
  relevant: [[7, [1]]],
});
const vectors = {
  vectors: Float32Array.from([0, 0.1, 0.2, 1.5, 1.4, 1.3].flatMap((x) => [Math.cos(x), Math.sin(x)])),
  dim: 2,
  alpha: 0.5,
};
const interests = new Map([[7, [interest(0, 100), interest(3, 1e-6)]]]);
const settings = {
  medoidsSampled: 1,
  neighboursPerMedoid: 2,
  candidates: 10,
  popularityExponent: 0.5,
  halfLifeDays: 7,
};

describe('what is served', () => {
  it('the served items are the nearest of the sampled medoids', () => {
    assert.deepEqual(recommendAsServed(split, interests, vectors, settings).get(7), [1, 2]);
    const fewer = { ...settings, neighboursPerMedoid: 1 };
    assert.deepEqual(recommendAsServed(split, interests, vectors, fewer).get(7), [1]);
    const both = { ...settings, medoidsSampled: 2 };
    const all = recommendAsServed(split, interests, vectors, both).get(7)!;
    assert.deepEqual(all.toSorted(), [1, 2, 4, 5], 'no seen item');
  });

  it('a user without interests gets no list', () => {
    assert.deepEqual(recommendAsServed(split, new Map([[7, []]]), vectors, settings).get(7), []);
  });
});
