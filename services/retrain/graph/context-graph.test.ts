import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ContextGraph } from './context-graph.ts';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;

/** Shares of an item's contexts, by number. */
function sharesOf(graph: ContextGraph, item: number): number[] {
  const { starts, ends, cumulative } = graph.walkable.contextsOfItem;
  const sums = [...cumulative.subarray(starts[item], ends[item])];
  return sums.map((sum, i) => (sum - (sums[i - 1] ?? 0)) / sums.at(-1)!);
}

describe('the graph of what was taken', () => {
  it('the weight of an action halves in each half-life', () => {
    const graph = new ContextGraph({ halfLifeDays: 10 });
    graph.add(0, 0, 1, NOW - 20 * DAY);
    graph.add(0, 1, 1, NOW - 10 * DAY);
    graph.add(0, 2, 1, NOW);
    for (const [i, share] of sharesOf(graph, 0).entries()) {
      assert.ok(Math.abs(share - 2 ** i / 7) < 1e-6);
    }
  });

  it('shares do not change while years pass, even if an action arrives late', () => {
    const graph = new ContextGraph({ halfLifeDays: 1 });
    graph.add(0, 0, 1, NOW - DAY);
    graph.add(1, 0, 1, NOW + 3_000 * DAY);
    graph.add(0, 1, 3, NOW);
    const [first, second] = sharesOf(graph, 0);
    assert.ok(first! >= 0 && second! > 0);
    graph.add(0, 2, 1, NOW + 3_000 * DAY);
    assert.ok(sharesOf(graph, 0)[2]! > 0.999_999);
  });

  it('nothing ages at a half-life of 0', () => {
    const graph = new ContextGraph({ halfLifeDays: 0 });
    graph.add(0, 0, 1, 0);
    graph.add(0, 1, 3, NOW);
    assert.deepEqual(sharesOf(graph, 0), [0.25, 0.75]);
  });

  it('the graph does not change during walks, and applies waiting changes afterwards', async () => {
    const graph = new ContextGraph({ halfLifeDays: 0 });
    graph.add(0, 0, 1, NOW);
    graph.add(1, 0, 1, NOW);
    await assert.rejects(
      graph.hold(async (held, changes) => {
        graph.add(0, 1, 1, NOW);
        graph.remove(1, 0);
        assert.deepEqual([...changes.items], [0, 1]);
        assert.equal(graph.edges, 2);
        assert.equal(graph.walkable, held);
        await assert.rejects(
          graph.hold(async () => {}),
          /already running/,
        );
        throw new Error('a walk that fails');
      }),
      /a walk that fails/,
    );
    assert.deepEqual(sharesOf(graph, 0), [0.5, 0.5]);
    assert.deepEqual(sharesOf(graph, 1), []);
    await graph.hold(async (_, changes) => assert.deepEqual([...changes.items], [0, 1]));
  });
});
