import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { HnswGraph } from './hnsw.ts';

const DIMENSION = 64;
/** More links than vectors, so that the search finds every one. */
const PARAMETERS = { m: 64, efConstruction: 200 };
const ALONG_FIRST_AXIS = Float32Array.from({ length: DIMENSION }, (_, axis) => (axis === 0 ? 1 : 0));

/** Unit vectors with the same cosine with the first axis, each turned towards an axis of its own. */
function tied(axis: number, cosine: number): Float32Array {
  const vector = new Float32Array(DIMENSION);
  vector[0] = cosine;
  vector[axis] = Math.sqrt(1 - cosine * cosine);
  return vector;
}

/** Ids in another order than that in which they are linked. */
const idOf = (n: number): string => `i${(n * 37) % 60}`;

async function graphOf(vectors: Iterable<readonly [string, Float32Array]>): Promise<HnswGraph> {
  const table = new VectorTable(DIMENSION);
  for (const [id, vector] of vectors) table.set(id, vector);
  const graph = new HnswGraph(table, PARAMETERS, () => true);
  await graph.build(() => undefined);
  graph.setEfSearch(64);
  return graph;
}

function assertNested(graph: HnswGraph, whole: readonly string[]): void {
  for (let k = 1; k <= whole.length; k++) {
    const found = graph.search(ALONG_FIRST_AXIS, k).map(({ itemId }) => itemId);
    assert.deepEqual(found, whole.slice(0, k), `k = ${k}`);
  }
}

describe('the order of neighbours at one distance', () => {
  it('every shorter list is the beginning of a longer one where scores tie, by item id, in the graph and in a scan', async () => {
    const ties = Array.from({ length: 60 }, (_, n) => [idOf(n), tied(1 + n, n < 5 ? 0.8 : 0.6)] as const);
    const graph = await graphOf(ties);
    const near = ties.slice(0, 5).map(([id]) => id);
    const far = ties.slice(5).map(([id]) => id);
    const whole = [...near.sort(), ...far.sort()];
    assertNested(graph, whole);
    graph.searchExactly();
    assertNested(graph, whole);
  });

  it('rows of one vector stand by item id too, among nodes at the same distance', async () => {
    const ties = Array.from({ length: 60 }, (_, n) => [idOf(n), tied(1 + (n % 20), 0.6)] as const);
    const graph = await graphOf(ties);
    assert.equal(graph.distinctSize, 20);
    assertNested(graph, ties.map(([id]) => id).sort());
  });
});
