import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { Retrieval } from './retrieval.ts';

/** Unit vectors in the plane, 15° apart: neighbours have a cosine of .97, those two steps away .87, three steps .71. */
function circle(): VectorTable {
  const table = new VectorTable(2);
  for (let i = 0; i < 24; i++) {
    const angle = (i * Math.PI) / 12;
    table.set(`item ${i}`, Float32Array.of(Math.cos(angle), Math.sin(angle)));
  }
  return table;
}

test('an action is a hit when its item is a candidate, and relevant when one is within a cosine of 0.8', () => {
  const vectors = circle();
  const retrieval = new Retrieval(vectors);
  // Candidates: item 0 and its nearest two, 23 and 1.
  const outcome = retrieval.score([vectors.at(0)], [0, 1, 2, 3, 4, 12, 12], 3);
  assert.deepEqual(outcome, { hits: 2, relevant: 4 });
});

test('embeddings share the candidates, and a round knows nothing of the one before', () => {
  const vectors = circle();
  const retrieval = new Retrieval(vectors);
  assert.deepEqual(retrieval.score([vectors.at(0), vectors.at(12)], [0, 1, 12, 6], 3), {
    hits: 2,
    relevant: 3,
  });
  assert.deepEqual(retrieval.score([vectors.at(6)], [0, 12, 6], 1), { hits: 1, relevant: 1 });
});
