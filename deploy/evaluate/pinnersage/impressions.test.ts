import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { Impressions } from './impressions.ts';

test('shown items were bought before, have a vector, were not taken, and are distinct', () => {
  const vectors = new VectorTable(1);
  for (const itemId of ['milk', 'bread', 'salt']) vectors.set(itemId, Float32Array.of(1));
  const item = Int32Array.of(0, 0, 0, 1, 2, 3);
  const purchases = {
    columns: {
      user: new Int32Array(6),
      context: new Int32Array(6),
      item,
      weight: new Float32Array(6).fill(1),
      at: Float64Array.of(1, 2, 3, 4, 5, 6),
    },
    userIds: ['ann'],
    itemIds: ['milk', 'bread', 'unknown', 'salt'],
    catalogue: new Map(),
  };
  const impressions = new Impressions(purchases, vectors, 5);
  const [milk, bread] = [vectors.rowOf('milk')!, vectors.rowOf('bread')!];
  assert.deepEqual(impressions.draw(100, [], createRandom(1)).toSorted(), [milk, bread]);
  assert.deepEqual(impressions.draw(100, [milk], createRandom(1)), [bread]);
  const shares = createRandom(2);
  const first = Array.from({ length: 400 }, () => impressions.draw(1, [], shares)[0]);
  const ofMilk = first.filter((row) => row === milk).length / first.length;
  assert.ok(ofMilk > 0.65 && ofMilk < 0.85);
});
