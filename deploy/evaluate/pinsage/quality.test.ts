import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { measureQuality } from './quality.ts';
import { splitOf } from './split.testing.ts';

const START = Date.UTC(2026, 0, 1);

test('all methods are scored on the same users, and the figure is the mean of the seeds', async () => {
  const split = splitOf({
    itemCount: 4,
    train: {
      user: Int32Array.of(1, 2, 2),
      item: Int32Array.of(0, 1, 3),
      context: Int32Array.of(0, 1, 2),
      weight: new Float32Array(3).fill(1),
      at: Float64Array.of(START, START + 1, START + 2),
    },
    seen: [
      [1, [0]],
      [2, [1, 3]],
    ],
    relevant: [[1, [1]]],
  });
  const near = { vectors: Float32Array.of(1, 0, 1, 0, 0, 1, 0, 1), dim: 2, alpha: 1 };
  const far = { vectors: Float32Array.of(1, 0, 0, 1, 0, 1, 1, 0), dim: 2, alpha: 1 };
  const others = [{ name: 'others', vectors: far }];
  const { rows, ndcg10, recommended } = await measureQuality(
    { split, purchases: { userIds: ['u0', 'u1', 'u2'], catalogue: new Map() }, pinSage: [near, far], others },
    createRandom(1),
  );
  const bySeed = rows.filter(({ name }) => name === 'PinSage').slice(0, 2);
  assert.deepEqual(
    bySeed.map(({ seed, ndcg10: each }) => [seed, each]),
    [
      [1, 1],
      [2, 1 / Math.log2(3)],
    ],
  );
  assert.equal(ndcg10.mean, (1 + 1 / Math.log2(3)) / 2);
  assert.equal(recommended.get(1)![0], 1);
  const names = new Set(rows.map(({ name }) => name));
  assert.deepEqual([...names], ['popularity', 'ItemKNN', 'PinSage', 'others', 'as served']);
});
