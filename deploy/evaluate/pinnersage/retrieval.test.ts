import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { type Embedding, Retrieval, type RetrievalOutcome } from './retrieval.ts';

/** Unit vectors in the plane, 15° apart: neighbours have a cosine of .97, those two steps away .87, three steps .71. */
function circle(): VectorTable {
  const table = new VectorTable(2);
  for (let i = 0; i < 24; i++) {
    const angle = (i * Math.PI) / 12;
    table.set(`item ${i}`, Float32Array.of(Math.cos(angle), Math.sin(angle)));
  }
  return table;
}

function itemAt(vectors: VectorTable, row: number): Embedding {
  return { vector: vectors.at(row), row };
}

const countsOf = ({ isHit, isRelevant }: RetrievalOutcome) => ({
  hits: isHit.filter(Boolean).length,
  relevant: isRelevant.filter(Boolean).length,
});

test('an action is a hit if its item is a candidate, and relevant if a candidate has a cosine of at least 0.8', () => {
  const vectors = circle();
  const retrieval = new Retrieval(vectors, 3);
  // Candidates: item 0 and its nearest two, 23 and 1.
  const outcome = retrieval.score([itemAt(vectors, 0)], [0, 1, 2, 3, 4, 12, 12]);
  assert.deepEqual(outcome.isHit, [true, true, false, false, false, false, false]);
  assert.deepEqual(outcome.isRelevant, [true, true, true, true, false, false, false]);
});

test('embeddings share the number of candidates, and rounds are independent', () => {
  const vectors = circle();
  const retrieval = new Retrieval(vectors, 6);
  const both = [itemAt(vectors, 0), itemAt(vectors, 12)];
  assert.deepEqual(countsOf(retrieval.score(both, [0, 1, 2, 12, 6])), { hits: 3, relevant: 4 });
  assert.deepEqual(countsOf(retrieval.score([itemAt(vectors, 6)], [0, 12, 6])), { hits: 1, relevant: 1 });
  assert.deepEqual(countsOf(retrieval.score(both, [0, 1, 2, 12, 6])), { hits: 3, relevant: 4 });
});

test("an embedding that is not an item's vector is searched in the same way", () => {
  const vectors = circle();
  const retrieval = new Retrieval(vectors, 5);
  const later = [22, 23, 0, 1, 2, 3, 4, 5];
  const { vector } = itemAt(vectors, 0);
  assert.deepEqual(retrieval.score([{ vector }], later), retrieval.score([itemAt(vectors, 0)], later));
});
