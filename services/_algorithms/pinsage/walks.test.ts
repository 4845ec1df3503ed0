import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { type Edge, graphOf } from './graph.testing.ts';
import type { ItemContextGraph } from './live-graph.ts';
import { createWalker, importanceNeighbourhoods } from './walks.ts';

/** Oracle: expected share of visits to each item, by power iteration on the dense item → context → item matrix. */
function personalisedPageRank(graph: ItemContextGraph, start: number, restart: number): number[] {
  const hop = (from: readonly number[]) => {
    const viaContext = new Array<number>(graph.contextCount).fill(0);
    const to = new Array<number>(graph.itemCount).fill(0);
    spread(graph.contextsOfItem, from, viaContext);
    spread(graph.itemsOfContext, viaContext, to);
    return to;
  };
  let mass = new Array<number>(graph.itemCount).fill(0);
  mass[start] = 1;
  const expected = new Array<number>(graph.itemCount).fill(0);
  for (let step = 0; step < 200; step++) {
    mass = hop(mass);
    for (const [item, share] of mass.entries()) expected[item]! += share;
    mass = mass.map((share) => share * (1 - restart));
  }
  expected[start] = 0;
  const total = expected.reduce((sum, value) => sum + value, 0);
  return expected.map((value) => value / total);
}

function spread(
  { starts, ends, targets, cumulative }: ItemContextGraph['contextsOfItem'],
  from: readonly number[],
  to: number[],
) {
  for (const [row, mass] of from.entries()) {
    const [start, end] = [starts[row]!, ends[row]!];
    for (let p = start; p < end; p++) {
      const weight = cumulative[p]! - (p === start ? 0 : cumulative[p - 1]!);
      to[targets[p]!]! += (mass * weight) / cumulative[end - 1]!;
    }
  }
}

function randomGraph(seed: number): ItemContextGraph {
  const random = createRandom(seed);
  return graphOf(
    30,
    Array.from({ length: 120 }, (): Edge => [random.integer(30), random.integer(25), 1 + random.integer(4)]),
  );
}

describe('importance neighbourhoods', () => {
  it('importances approach personalised PageRank', () => {
    const [graph, restart, steps] = [randomGraph(7), 0.5, 100_000];
    for (const start of [0, 11, 29]) {
      const oracle = personalisedPageRank(graph, start, restart);
      const { items, counts } = createWalker(graph, { steps, restart }).visits(start, createRandom(start));
      const total = counts.reduce((sum, count) => sum + count, 0);
      const estimate = new Array<number>(graph.itemCount).fill(0);
      for (const [rank, item] of items.entries()) estimate[item] = counts[rank]! / total;
      const distance = estimate.reduce((sum, share, item) => sum + Math.abs(share - oracle[item]!), 0) / 2;
      assert.ok(distance < 0.015, `total variation ${distance} from item ${start}`);
      const best = [...oracle.keys()].sort((a, b) => oracle[b]! - oracle[a]!).slice(0, 8);
      const shared = best.filter((item) => items.subarray(0, 8).includes(item));
      assert.ok(shared.length >= 7, `${shared.length} of the top 8 agree from item ${start}`);
    }
  });

  it('importances sum to one and decrease, ties go by index, and an item is not its own neighbour', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.integer({ min: 1, max: 12 }), (seed, size) => {
        const graph = randomGraph(seed);
        const { neighbours, weights } = importanceNeighbourhoods(
          graph,
          { size, steps: 60, restart: 0.5 },
          createRandom(seed),
        );
        for (let item = 0; item < graph.itemCount; item++) {
          const row = [...neighbours.subarray(item * size, (item + 1) * size)];
          const share = [...weights.subarray(item * size, (item + 1) * size)];
          const filled = row.filter((neighbour) => neighbour >= 0).length;
          assert.ok(row.slice(filled).every((neighbour) => neighbour === -1));
          assert.ok(share.slice(filled).every((weight) => weight === 0));
          assert.ok(!row.includes(item));
          if (filled > 0) assert.ok(Math.abs(share.reduce((sum, weight) => sum + weight, 0) - 1) < 1e-5);
          for (let i = 1; i < filled; i++) {
            assert.ok(share[i - 1]! > share[i]! || (share[i - 1] === share[i] && row[i - 1]! < row[i]!));
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it('the neighbourhood of an item does not depend on earlier computations', () => {
    const graph = randomGraph(3);
    const options = { steps: 80, restart: 0.4 };
    const all = importanceNeighbourhoods(graph, { ...options, size: 5 }, createRandom('seed'));
    const alone = createWalker(graph, options).visits(17, createRandom('seed').fork(17));
    const row = all.neighbours.subarray(17 * 5, 18 * 5).filter((neighbour) => neighbour >= 0);
    assert.deepEqual(row, alone.items.slice(0, row.length));
  });

  it('items without contexts, and items alone in theirs, have no neighbours', () => {
    const graph = graphOf(3, [[0, 0, 1]]);
    const { neighbours, weights } = importanceNeighbourhoods(
      graph,
      { size: 2, steps: 20, restart: 0.5 },
      createRandom(1),
    );
    assert.ok(neighbours.every((neighbour) => neighbour === -1));
    assert.ok(weights.every((weight) => weight === 0));
  });

  it('options out of range are rejected', () => {
    const graph = randomGraph(1);
    const run = (options: object) =>
      importanceNeighbourhoods(graph, { size: 5, steps: 10, restart: 0.5, ...options }, createRandom(1));
    assert.throws(() => run({ size: 0 }), /size 0/);
    assert.throws(() => run({ steps: 1.5 }), /steps 1.5/);
    assert.throws(() => run({ restart: 0 }), /probability 0/);
  });
});
