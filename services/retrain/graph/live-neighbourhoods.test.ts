import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ContextGraph } from './context-graph.ts';
import { LiveNeighbourhoods } from './live-neighbourhoods.ts';
import { walkHere } from './walk-items.ts';

const NOW = 1_700_000_000_000;
const OPTIONS = { size: 3, steps: 30, restart: 0.5, seed: 5 };
const GRAPH = { maximumDegree: 4, hubDamping: 0.5, halfLifeDays: 0 };
const ITEMS = 12;
const IDS = Array.from({ length: ITEMS }, (_, item) => `item ${item}`);

/** Item ids `item 0`, `item 1`… numbered so in the graph. */
const NUMBERS = {
  find: (itemId: string) => (itemId.startsWith('item ') ? Number(itemId.slice(5)) : undefined),
  textOf: (number: number) => `item ${number}`,
};

function neighbourhoodsOf(graph: ContextGraph, walk = walkHere) {
  return new LiveNeighbourhoods(graph, NUMBERS, walk, OPTIONS);
}

/** `pairs` groups of three items that share two contexts, separate from each other. */
function islands(): ContextGraph {
  const graph = new ContextGraph(GRAPH);
  for (let item = 0; item < ITEMS; item++) {
    const island = Math.floor(item / 3);
    graph.add(item, 2 * island, 1, NOW);
    graph.add(item, 2 * island + 1, 1, NOW);
  }
  return graph;
}

describe('neighbourhoods kept between retrainings', () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constantFrom('add', 'remove'),
      item: fc.nat(ITEMS - 1),
      context: fc.nat(19),
    }),
    fc.record({ kind: fc.constant('refresh'), asked: fc.subarray(IDS) }),
  );

  it('neighbourhoods equal those of walks from all items, to the last bit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
        const graph = new ContextGraph(GRAPH);
        const kept = neighbourhoodsOf(graph);
        for (const one of [...steps, { kind: 'refresh', asked: IDS } as const]) {
          if ('asked' in one) {
            const { neighbourhoods, report } = await kept.refresh(one.asked);
            const anew = await neighbourhoodsOf(graph).refresh(one.asked);
            assert.deepEqual(neighbourhoods, anew.neighbourhoods);
            assert.ok(report.walked <= anew.report.walked);
          } else if (one.kind === 'add') graph.add(one.item, one.context, 1, NOW);
          else graph.remove(one.item, one.context);
        }
      }),
    );
  });

  it('only items whose walks pass a changed row are walked again', async () => {
    const graph = islands();
    const kept = neighbourhoodsOf(graph);
    assert.equal((await kept.refresh(IDS)).report.walked, ITEMS);
    assert.equal((await kept.refresh(IDS)).report.walked, 0);
    graph.add(4, 3, 1, NOW);
    const { report } = await kept.refresh(IDS);
    assert.deepEqual([report.items, report.walked], [ITEMS, 3], 'the island of item 4');
    assert.equal((await kept.refresh(IDS.slice(1))).report.walked, 2, 'item 0 is no longer a neighbour');
  });

  it('neighbourhoods are numbered in the order of the requested items', async () => {
    const asked = ['item 5', 'unknown', 'item 3', 'item 9'];
    const { neighbourhoods } = await neighbourhoodsOf(islands()).refresh(asked);
    const first = asked.map((_, i) =>
      neighbourhoods.neighbours.slice(i * OPTIONS.size, (i + 1) * OPTIONS.size),
    );
    assert.deepEqual(
      first.map((row) => [...row]),
      [
        [2, -1, -1],
        [-1, -1, -1],
        [0, -1, -1],
        [-1, -1, -1],
      ],
    );
    assert.equal(neighbourhoods.weights[0], 1);
  });

  it('the refresh after failed walks starts from nothing', async () => {
    let fails = true;
    const kept = neighbourhoodsOf(islands(), async (job) => {
      if (fails) throw new Error('no thread');
      return walkHere(job);
    });
    await assert.rejects(kept.refresh(IDS), /no thread/);
    fails = false;
    assert.equal((await kept.refresh(IDS)).report.walked, ITEMS);
  });

  it('the neighbourhoods of an empty graph are empty', async () => {
    const { neighbourhoods, report } = await neighbourhoodsOf(new ContextGraph(GRAPH)).refresh(['item 0']);
    assert.deepEqual([...neighbourhoods.neighbours], [-1, -1, -1]);
    assert.equal(report.walked, 0);
  });
});

describe('the neighbours of one item', () => {
  it('the neighbours of one item equal those of a refresh', async () => {
    const kept = neighbourhoodsOf(islands());
    const { neighbourhoods } = await kept.refresh(IDS);
    for (const [item, itemId] of IDS.entries()) {
      const { itemIds, importance } = kept.of(itemId, () => true)!;
      const row = neighbourhoods.neighbours.subarray(
        item * OPTIONS.size,
        item * OPTIONS.size + itemIds.length,
      );
      assert.deepEqual(itemIds, [...row].map(NUMBERS.textOf));
      assert.deepEqual(
        importance,
        neighbourhoods.weights.slice(item * OPTIONS.size, item * OPTIONS.size + itemIds.length),
      );
    }
  });

  it('the neighbours of one item are restricted to known items, and follow the graph', () => {
    const graph = islands();
    const kept = neighbourhoodsOf(graph);
    graph.add(ITEMS, 0, 1, NOW);
    const { itemIds, importance } = kept.of(`item ${ITEMS}`, (itemId) => itemId !== 'item 1')!;
    assert.deepEqual(new Set(itemIds), new Set(['item 0', 'item 2']));
    assert.ok(Math.abs(importance[0]! + importance[1]! - 1) < 1e-6);
  });

  it('an item that nobody took, that is alone, or that is near no known item has no neighbours', () => {
    const graph = islands();
    graph.add(ITEMS, 99, 1, NOW);
    const kept = neighbourhoodsOf(graph);
    assert.equal(
      kept.of('unknown', () => true),
      undefined,
    );
    assert.equal(
      kept.of(`item ${ITEMS}`, () => true),
      undefined,
    );
    assert.equal(
      kept.of('item 0', () => false),
      undefined,
    );
  });

  it('an item that arrives during walks has no neighbours yet', async () => {
    const graph = islands();
    const kept = neighbourhoodsOf(graph, async (job) => {
      graph.add(ITEMS, 0, 1, NOW);
      assert.equal(
        kept.of(`item ${ITEMS}`, () => true),
        undefined,
      );
      return walkHere(job);
    });
    await kept.refresh(IDS);
    assert.notEqual(
      kept.of(`item ${ITEMS}`, () => true),
      undefined,
    );
  });
});
