import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom, type Random } from '../random.ts';
import { rowsOf } from './graph.testing.ts';
import { type GraphOptions, type ItemContextGraph, LiveGraph } from './live-graph.ts';
import type { Adjacency } from './row-arena.ts';
import { importanceNeighbourhoods } from './walks.ts';

interface Events {
  readonly item: number;
  readonly context: number;
  /** Weight and order of each event of the edge. */
  readonly events: [weight: number, order: number][];
}

type Change =
  | { readonly kind: 'add'; readonly item: number; readonly context: number; readonly weight: number }
  | { readonly kind: 'remove'; readonly item: number; readonly context: number }
  | { readonly kind: 'settle' };

const OPTIONS = { itemCount: 8, maximumDegree: 3, hubDamping: 0.5 };
const WALK = { size: 4, steps: 40, restart: 0.5 };

/** A graph after the changes, which have the orders 0, 1, 2…, and the edges that remain. */
function changed(changes: readonly Change[], options: GraphOptions = OPTIONS) {
  const graph = new LiveGraph(options);
  const left = new Map<string, Events>();
  for (const [order, change] of changes.entries()) {
    if (change.kind === 'settle') {
      graph.settle();
      continue;
    }
    const { item, context } = change;
    const key = `${item}/${context}`;
    if (change.kind === 'remove') {
      graph.remove(item, context);
      left.delete(key);
    } else {
      graph.add(item, context, change.weight, order);
      if (!left.has(key)) left.set(key, { item, context, events: [] });
      left.get(key)!.events.push([change.weight, order]);
    }
  }
  return { graph, left: [...left.values()] };
}

/** Oracle: the rows with their capped and damped widths, by sorting them. */
function expectedRows(edges: readonly Events[], rowCount: number, by: 'item' | 'context') {
  const target = by === 'item' ? 'context' : 'item';
  const factorOf = (item: number) => {
    const degree = edges.filter((edge) => edge.item === item).length;
    return by === 'item' ? 1 : 2 ** (-OPTIONS.hubDamping * Math.floor(Math.log2(degree)));
  };
  return Array.from({ length: rowCount }, (_, row) =>
    edges
      .filter((edge) => edge[by] === row)
      .map((edge) => ({
        target: edge[target],
        width: edge.events.reduce((sum, [weight]) => sum + weight, 0) * factorOf(edge.item),
        order: Math.max(...edge.events.map(([, order]) => order)),
      }))
      .sort((a, b) => b.width - a.width || b.order - a.order)
      .slice(0, OPTIONS.maximumDegree)
      .sort((a, b) => a.target - b.target)
      .map((edge): [number, number] => [edge.target, edge.width]),
  );
}

function assertRows(adjacency: Adjacency, expected: readonly (readonly [number, number][])[]): void {
  for (const [row, edges] of rowsOf(adjacency).entries()) {
    assert.deepEqual(
      edges.map(([target]) => target),
      expected[row]!.map(([target]) => target),
    );
    for (const [i, [, width]] of edges.entries()) assert.ok(Math.abs(width - expected[row]![i]![1]) < 1e-9);
  }
}

function walksOf(graph: ItemContextGraph) {
  return importanceNeighbourhoods(graph, WALK, createRandom('walks'));
}

const where = { item: fc.nat(7), context: fc.nat(9) };
const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('add'), ...where, weight: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove'), ...where }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settle') }) },
) as fc.Arbitrary<Change>;
const someChanges = fc.array(change, { maxLength: 120 });

function randomChange(random: Random): Change {
  const [item, context] = [random.integer(40), Math.floor(400 * random.next() ** 2)];
  const draw = random.next();
  if (draw < 0.001) return { kind: 'settle' };
  return draw < 0.75 ? { kind: 'add', item, context, weight: 1 } : { kind: 'remove', item, context };
}

describe('a live graph', () => {
  it('a live graph has the edges that were added and not removed, capped and damped, in both directions', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const { graph, left } = changed(changes);
        const { contextsOfItem, itemsOfContext, itemCount, contextCount } = graph.settle();
        assertRows(contextsOfItem, expectedRows(left, itemCount, 'item'));
        assertRows(itemsOfContext, expectedRows(left, contextCount, 'context'));
        assert.equal(graph.edges, left.length);
      }),
    );
  });

  it('walks equal those on a graph built from the remaining edges', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const { graph, left } = changed(changes);
        const anew = new LiveGraph(OPTIONS);
        for (const { item, context, events } of left) {
          for (const [weight, order] of events) anew.add(item, context, weight, order);
        }
        assert.deepEqual(walksOf(graph.settle()), walksOf(anew.settle()));
      }),
    );
  });

  it('the graph stays correct while rows move and the arena is replaced', () => {
    const random = createRandom('many changes');
    const { graph, left } = changed(Array.from({ length: 40_000 }, () => randomChange(random)));
    const { contextsOfItem, itemsOfContext } = graph.settle();
    assert.ok(left.length > 3_000);
    assertRows(contextsOfItem, expectedRows(left, 40, 'item'));
    assertRows(itemsOfContext, expectedRows(left, 400, 'context'));
  });

  it('memory is returned when most edges are removed', () => {
    const graph = new LiveGraph();
    for (let context = 0; context < 100_000; context++) graph.add(context % 50, context, 1, context);
    graph.settle();
    const full = graph.bytes;
    for (let context = 0; context < 99_900; context++) graph.remove(context % 50, context);
    graph.settle();
    assert.equal(graph.edges, 100);
    assert.ok(graph.bytes < full / 2, 'the tables of rows remain');
  });

  it('walks do not change when all weights are halved', () => {
    fc.assert(
      fc.property(someChanges, (changes) => {
        const { graph } = changed(changes);
        const before = walksOf(graph.settle());
        graph.scale(0.5);
        assert.deepEqual(walksOf(graph.settle()), before);
        assert.deepEqual(
          graph.drainChanges().items.length > 0,
          changes.some(({ kind }) => kind === 'add'),
        );
        graph.scale(0.5);
        const { items, contexts } = graph.drainChanges();
        assert.deepEqual([...items, ...contexts], []);
      }),
    );
  });

  it('every changed row is reported', () => {
    fc.assert(
      fc.property(someChanges, someChanges, (first, then) => {
        const { graph } = changed(first);
        const before = graph.settle();
        const rowsBefore = [rowsOf(before.contextsOfItem), rowsOf(before.itemsOfContext)];
        graph.drainChanges();
        for (const one of then) {
          if (one.kind === 'add') graph.add(one.item, one.context, one.weight, 1_000);
          else if (one.kind === 'remove') graph.remove(one.item, one.context);
        }
        const after = graph.settle();
        const told = graph.drainChanges();
        for (const [direction, rows] of [
          rowsOf(after.contextsOfItem),
          rowsOf(after.itemsOfContext),
        ].entries()) {
          const toldHere = new Set(direction === 0 ? told.items : told.contexts);
          for (const [row, edges] of rows.entries()) {
            if (toldHere.has(row)) continue;
            assert.deepEqual(edges, rowsBefore[direction]![row] ?? []);
          }
        }
      }),
    );
  });

  it('an edge changes two rows of contexts on average through the degree of its item, however popular the item', () => {
    const graph = new LiveGraph({ hubDamping: 0.5 });
    let told = 0;
    for (let context = 0; context < 4_096; context++) {
      graph.add(0, context, 1, context);
      graph.settle();
      told += graph.drainChanges().contexts.length;
    }
    assert.ok(told < 3 * 4_096, `${told} rows of contexts`);
  });

  it('negative numbers and weights that are not positive are rejected', () => {
    const graph = new LiveGraph();
    assert.throws(() => graph.add(-1, 0, 1, 0), /item -1/);
    assert.throws(() => graph.add(0, -1, 1, 0), /context -1/);
    for (const weight of [0, -1, Number.NaN, Infinity])
      assert.throws(() => graph.add(0, 0, weight, 0), /not a positive number/);
    assert.equal(graph.edges, 0);
  });
});
