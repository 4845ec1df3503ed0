import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { rankTaken } from './ranking.ts';

test('taken items are ranked by their best embedding, after others of the same score', () => {
  const vectors = new VectorTable(2);
  const rows = [
    [1, 0],
    [0, 1],
    [0.8, 0.6],
    [-1, 0],
    [0, 1],
  ].map((vector, i) => vectors.set(`item ${i}`, Float32Array.from(vector)));
  const [first, second, third, last, sameAsSecond] = rows as [number, number, number, number, number];
  const embeddings = [{ vector: Float32Array.of(1, 0) }, { vector: Float32Array.of(0, 1) }];
  // In order: sameAsSecond (1), first (1), second (1), third (.8), last (0).
  const { rPrecision, reciprocalRank } = rankTaken(
    embeddings,
    [first, second],
    [third, last, sameAsSecond],
    vectors,
  );
  assert.equal(rPrecision, 1 / 2);
  assert.equal(reciprocalRank, (1 / 2 + 1 / 3) / 2);
});
