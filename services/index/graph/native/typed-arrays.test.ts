import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import hnswlib, { type HierarchicalNSW, type SpaceName } from 'hnswlib-node';
import { createRandom } from '#algorithms/random.ts';
import { typedArraysOf } from './typed-arrays.ts';

const { addPoint, searchKnn } = typedArraysOf(hnswlib);
const DIMENSION = 5;

function graphOf(space: SpaceName = 'ip', capacity = 64): HierarchicalNSW {
  const graph = new hnswlib.HierarchicalNSW(space, DIMENSION);
  graph.initIndex(capacity, 8, 40, 1);
  return graph;
}

function drawVectors(seed: number, count: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: count * DIMENSION }, () => random.normal());
}

const rowOf = (vectors: Float32Array, row: number) =>
  vectors.subarray(row * DIMENSION, (row + 1) * DIMENSION);

/** Of each query its labels and distances, the nearest first. */
function search(graph: HierarchicalNSW, queries: Float32Array, k: number) {
  const count = queries.length / DIMENSION;
  const labels = new Uint32Array(count * k);
  const distances = new Float32Array(count * k);
  const counts = new Uint32Array(count);
  searchKnn(graph, queries, k, labels, distances, counts);
  return Array.from(counts, (found, query) => ({
    neighbors: [...labels.subarray(query * k, query * k + found)],
    distances: [...distances.subarray(query * k, query * k + found)],
  }));
}

describe('typed arrays', () => {
  it('searches with typed arrays answer like those with plain arrays, in every space, with hidden points and a k above their number', () => {
    const cases = fc.record({
      space: fc.constantFrom<SpaceName>('ip', 'l2', 'cosine'),
      count: fc.integer({ min: 0, max: 60 }),
      queryCount: fc.integer({ min: 0, max: 8 }),
      k: fc.integer({ min: 0, max: 64 }),
      efSearch: fc.integer({ min: 1, max: 64 }),
      hidden: fc.uniqueArray(fc.nat(59), { maxLength: 20 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(cases, ({ space, count, queryCount, k, efSearch, hidden, seed }) => {
        const vectors = drawVectors(seed, count);
        const queries = drawVectors(seed + 1, queryCount);
        const [typed, plain] = [graphOf(space), graphOf(space)];
        for (let label = 0; label < count; label++) {
          addPoint(typed, rowOf(vectors, label), label);
          plain.addPoint([...rowOf(vectors, label)], label);
        }
        for (const graph of [typed, plain]) {
          graph.setEf(efSearch);
          for (const label of hidden) if (label < count) graph.markDelete(label);
        }
        const expected = Array.from({ length: queryCount }, (_, query) =>
          plain.searchKnn([...rowOf(queries, query)], k),
        );
        assert.deepEqual(search(typed, queries, k), expected);
      }),
    );
  });

  it('addPoint replaces the vector of a label', () => {
    const graph = graphOf('l2');
    const vectors = drawVectors(1, 2);
    for (const row of [0, 1]) addPoint(graph, rowOf(vectors, row), 7);
    assert.deepEqual(search(graph, rowOf(vectors, 1), 3), [{ neighbors: [7], distances: [0] }]);
  });

  it('addPoint refuses an argument that is no vector of the graph, and leaves the graph as it is', () => {
    const graph = graphOf('ip', 1);
    const vector = drawVectors(1, 1);
    addPoint(graph, vector, 0);
    const before = search(graph, vector, 1);
    const rangeError = (message: string) => ({ name: 'RangeError', message });
    const typeError = (message: string) => ({ name: 'TypeError', message });
    const wrong: [unknown, { name: string; message: string }][] = [
      [vector.subarray(1), rangeError('vector must have 5 elements, not 4')],
      [new Float64Array(DIMENSION), typeError('vector must be a Float32Array')],
      [[...vector], typeError('vector must be a Float32Array')],
      [undefined, typeError('vector must be a Float32Array')],
    ];
    for (const component of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      wrong.push([vector.with(3, component), rangeError('vector[3] must be a finite number')]);
    }
    for (const [value, error] of wrong) {
      assert.throws(() => addPoint(graph, value as Float32Array, 0), error);
    }
    for (const label of [-1, 0.5, 2 ** 32, Number.NaN]) {
      const error = rangeError('label must be a whole number from 0 to 4294967295');
      assert.throws(() => addPoint(graph, vector, label), error);
    }
    assert.throws(() => addPoint(graph, vector, 1), /number of elements exceeds the specified limit/);
    assert.deepEqual(search(graph, vector, 1), before);
  });

  it('searchKnn refuses arrays whose lengths do not fit together', () => {
    const graph = graphOf();
    const queries = drawVectors(1, 2);
    const attempt = (k: number, lengths: { labels?: number; distances?: number; counts?: number }) => () =>
      searchKnn(
        graph,
        queries,
        k,
        new Uint32Array(lengths.labels ?? 2 * k),
        new Float32Array(lengths.distances ?? 2 * k),
        new Uint32Array(lengths.counts ?? 2),
      );
    assert.doesNotThrow(attempt(3, {}));
    assert.throws(attempt(3, { counts: 1 }), /^RangeError: queries must have 5 elements, not 10$/);
    assert.throws(attempt(3, { labels: 5 }), /^RangeError: labels must have 6 elements, not 5$/);
    assert.throws(attempt(3, { distances: 7 }), /^RangeError: distances must have 6 elements, not 7$/);
    assert.throws(attempt(1.5, {}), /^RangeError: k must be a whole number/);
    queries[8] = Number.NaN;
    assert.throws(attempt(3, {}), /^RangeError: queries\[8\] must be a finite number$/);
  });

  it('both calls refuse an object that is no graph, and a graph that has no index yet', () => {
    const vector = drawVectors(1, 1);
    const attempt = (graph: object) => () => addPoint(graph as HierarchicalNSW, vector, 0);
    const notOne = /^TypeError: graph must be a HierarchicalNSW$/;
    const notYet = /^RangeError: graph is not initialised: call initIndex or readIndex before$/;
    assert.throws(attempt({}), notOne);
    assert.throws(attempt(new hnswlib.L2Space(DIMENSION)), notOne);
    assert.throws(attempt(Object.create(hnswlib.HierarchicalNSW.prototype)), notYet);
    assert.throws(attempt(new hnswlib.HierarchicalNSW('ip', DIMENSION)), notYet);
  });

  it('an addon that was compiled without the calls is refused with the remedy', () => {
    assert.throws(() => typedArraysOf({}), /cannot take typed arrays.*npm test/);
  });
});
