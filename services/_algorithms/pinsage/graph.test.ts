import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { columnsOf, type Edge, rowsOf } from './graph.testing.ts';
import { buildGraph, degrees, packed } from './graph.ts';

const edge = fc.tuple(fc.nat(6), fc.nat(4), fc.integer({ min: 1, max: 5 }));

describe('item–context graph', () => {
  it('the graph holds exactly the summed weights of the edges in both directions', () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 60 }), (edges) => {
        const graph = buildGraph(columnsOf(edges), { itemCount: 7 });
        const sum = new Map<string, number>();
        for (const [item, context, weight] of edges) {
          sum.set(`${item}/${context}`, (sum.get(`${item}/${context}`) ?? 0) + weight);
        }
        const forward = rowsOf(graph.contextsOfItem).flatMap((row, item) =>
          row.map(([context, weight]) => [`${item}/${context}`, weight] as const),
        );
        const backward = rowsOf(graph.itemsOfContext).flatMap((row, context) =>
          row.map(([item, weight]) => [`${item}/${context}`, weight] as const),
        );
        assert.deepEqual(new Map(forward), sum);
        assert.deepEqual(new Map(backward), sum);
      }),
    );
  });

  it('rows are ascending and within the degree cap', () => {
    fc.assert(
      fc.property(fc.array(edge, { maxLength: 60 }), (edges) => {
        const graph = buildGraph(columnsOf(edges), { itemCount: 7, maximumDegree: 2 });
        for (const adjacency of [graph.contextsOfItem, graph.itemsOfContext]) {
          for (const row of rowsOf(adjacency)) {
            assert.ok(row.length <= 2);
            assert.ok(row.every(([target], i) => i === 0 || row[i - 1]![0] < target));
          }
        }
      }),
    );
  });

  it('a crowded node keeps its heaviest edges, and among equal ones the latest', () => {
    const edges: Edge[] = [
      [0, 3, 1],
      [0, 1, 5],
      [0, 2, 1],
      [0, 0, 1],
    ];
    const graph = buildGraph(columnsOf(edges), { itemCount: 1, maximumDegree: 2 });
    assert.deepEqual(rowsOf(graph.contextsOfItem), [
      [
        [0, 1],
        [1, 5],
      ],
    ]);
    assert.deepEqual([...degrees(graph.contextsOfItem)], [2]);
    assert.deepEqual(packed(graph.contextsOfItem), {
      offsets: Int32Array.of(0, 2),
      targets: Int32Array.of(0, 1),
    });
  });

  it('popular items are damped on the way from a context, and only there', () => {
    const edges: Edge[] = [
      [0, 0, 2],
      [1, 0, 2],
      [1, 1, 3],
      [1, 2, 1],
      [1, 3, 1],
    ];
    const graph = buildGraph(columnsOf(edges), { itemCount: 2, hubDamping: 0.5 });
    assert.deepEqual(rowsOf(graph.itemsOfContext)[0], [
      [0, 2],
      [1, 1],
    ]);
    assert.deepEqual(rowsOf(graph.contextsOfItem)[0], [[0, 2]]);
    assert.deepEqual(rowsOf(graph.contextsOfItem)[1]![1], [1, 3]);
  });

  it('the memory counts all arrays', () => {
    const edges = Array.from({ length: 5_000 }, (_, e): Edge => [e % 7, e, 1]);
    const { bytes } = buildGraph(columnsOf(edges), { itemCount: 7 });
    assert.ok(bytes > 2 * 20 * edges.length, 'target, weight, order and running sum in both directions');
  });

  it('items out of range and weights that are not positive are rejected', () => {
    assert.throws(() => buildGraph(columnsOf([[3, 0, 1]]), { itemCount: 3 }), /Edge 0 names item 3 of 3 /);
    assert.throws(
      () => buildGraph(columnsOf([[0, -1, 1]]), { itemCount: 3 }),
      /Edge 0 names item 0 of 3 and context -1/,
    );
    for (const weight of [0, -1, Number.NaN, Infinity]) {
      assert.throws(() => buildGraph(columnsOf([[0, 0, weight]]), { itemCount: 3 }), /not a positive number/);
    }
  });
});
