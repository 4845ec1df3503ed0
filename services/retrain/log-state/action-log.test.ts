import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { ContextGraph } from '../graph/context-graph.ts';
import { ActionLog } from './action-log.ts';

const DAY = 86_400_000;
const NOW = 20_000 * DAY;

function action(itemId: string, change: Partial<UserAction> = {}): UserAction {
  return anAction({ itemId, occurredAt: NOW, receivedAt: NOW, ...change });
}

const WEIGHTS = { ...DEFAULT_ACTION_WEIGHTS, buy: 1, view: 0.25, rate: 0, hide: -1 };

function logOf(...actions: UserAction[]): ActionLog {
  const log = new ActionLog(WEIGHTS, new ContextGraph({ halfLifeDays: 0 }));
  for (const one of actions) log.add(logged(one));
  return log;
}

describe('the log of actions', () => {
  it('a repeated event counts once', () => {
    const one = action('tea');
    assert.equal(logOf(one, one, action('tea')).size, 2);
  });

  it('only positive actions are kept', () => {
    assert.equal(logOf(action('tea', { type: 'hide' }), action('tea', { type: 'rate' })).size, 0);
  });

  it('actions older than the given days before the newest are dropped, with their event ids', () => {
    const old = action('tea', { occurredAt: NOW - 10 * DAY });
    const log = logOf(old, action('nail', { occurredAt: NOW - 5 * DAY }), action('mate'));
    log.forgetOlderThan(5);
    assert.equal(log.size, 2);
    assert.deepEqual(log.snapshot(9, []).itemIds, ['mate', 'nail']);
    assert.equal(log.newest, NOW);
    log.add(logged(old));
    assert.equal(log.size, 3);
  });

  it('a time from the future does not drop all other actions', () => {
    const log = logOf(action('tea'), action('bad', { occurredAt: NOW + 365 * DAY }));
    assert.deepEqual([log.size, log.newest], [1, NOW]);
  });

  it('items with the most actions come first, numbered densely, ties by id', () => {
    const log = logOf(
      action('rare'),
      action('tea'),
      action('nail'),
      action('tea'),
      action('mate'),
      action('mate'),
    );
    const { itemIds, columns } = log.snapshot(2, []);
    assert.deepEqual(itemIds, ['mate', 'tea']);
    assert.deepEqual([...columns.item], [1, 1, 0, 0], 'in log order');
    assert.equal(columns.user.length, 4);
  });

  it('items of the catalogue without actions are numbered after the others', () => {
    const { itemIds } = logOf(action('tea')).snapshot(9, ['b', 'a', 'tea']);
    assert.deepEqual(itemIds, ['tea', 'a', 'b']);
  });

  it('items that are not in the catalogue are left out: they were deleted, or have not arrived', () => {
    const { itemIds, columns } = logOf(action('tea'), action('gone')).snapshot(9, ['tea']);
    assert.deepEqual(itemIds, ['tea']);
    assert.equal(columns.item.length, 1);
  });

  it('the context is that of the app, else the user and day', () => {
    const { columns } = logOf(
      action('a', { contextId: 'basket' }),
      action('b', { contextId: 'basket', userId: 'u2' }),
      action('c'),
      action('d', { occurredAt: NOW + 1 }),
      action('e', { occurredAt: NOW + DAY }),
      action('f', { userId: 'u2' }),
    ).snapshot(9, []);
    const [a, b, c, d, e, f] = columns.context;
    assert.equal(a, b);
    assert.equal(c, d);
    assert.equal(new Set([a, c, e, f]).size, 4);
  });

  it('a snapshot is a copy, which later actions do not change', () => {
    const log = logOf(action('tea', { type: 'view' }));
    const before = log.snapshot(9, []);
    log.add(logged(action('nail')));
    assert.deepEqual([before.itemIds, [...before.columns.weight]], [['tea'], [0.25]]);
  });

  const taken = fc.record({
    item: fc.constantFrom('tea', 'mate', 'nail', 'cup', 'pot'),
    context: fc.nat(4),
    type: fc.constantFrom('buy', 'view'),
    day: fc.nat(20),
    forgets: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  });
  const takenActions = fc.array(taken, { maxLength: 60 }).map((steps) =>
    steps.map(({ item, context, type, day, forgets }) => ({
      forgets,
      action: action(item, {
        contextId: `c${context}`,
        type,
        occurredAt: NOW + day * DAY,
        receivedAt: NOW + 20 * DAY,
      }),
    })),
  );

  it('the graph has the exact weights of the remaining actions, however many were dropped', () => {
    fc.assert(
      fc.property(takenActions, (steps) => {
        const graph = new ContextGraph({ halfLifeDays: 0 });
        const log = new ActionLog(WEIGHTS, graph);
        for (const { action: one, forgets } of steps) {
          log.add(logged(one));
          if (forgets) log.forgetOlderThan(8);
        }
        assert.deepEqual(edgesOfGraph(graph, log), edgesOfActions(log));
      }),
    );
  });

  it('the aged graph is the same if actions are dropped gradually or all at the end', () => {
    fc.assert(
      fc.property(takenActions, (steps) => {
        const logs = [0, 1].map(() => {
          const graph = new ContextGraph({ halfLifeDays: 0.5 });
          return { graph, log: new ActionLog(WEIGHTS, graph) };
        });
        const [often, once] = logs as [(typeof logs)[0], (typeof logs)[0]];
        for (const { action: one, forgets } of steps) {
          often.log.add(logged(one));
          once.log.add(logged(one));
          if (forgets) often.log.forgetOlderThan(8);
        }
        // An action that is too old on arrival stays until old actions are dropped the next time.
        for (const { log } of logs) log.forgetOlderThan(8);
        assert.deepEqual(weightsByItem(often), weightsByItem(once));
      }),
    );
  });
});

/** Weights of an item's edges, ascending, since contexts may have other numbers. */
function weightsByItem({ graph, log }: { graph: ContextGraph; log: ActionLog }): Record<string, number[]> {
  const weights: Record<string, number[]> = {};
  for (const [edge, weight] of edgesOfGraph(graph, log)) {
    const item = edge.slice(0, edge.indexOf(' '));
    weights[item] = [...(weights[item] ?? []), Math.fround(weight)].sort((a, b) => a - b);
  }
  return weights;
}

/** Weight by item id and number of the context. */
function edgesOfActions(log: ActionLog): Map<string, number> {
  const { itemIds, columns } = log.snapshot(99, []);
  const edges = new Map<string, number>();
  for (const [i, item] of columns.item.entries()) {
    const edge = `${itemIds[item]} ${columns.context[i]}`;
    edges.set(edge, (edges.get(edge) ?? 0) + columns.weight[i]!);
  }
  return edges;
}

function edgesOfGraph(graph: ContextGraph, log: ActionLog): Map<string, number> {
  const { starts, ends, targets, cumulative } = graph.walkable.contextsOfItem;
  const edges = new Map<string, number>();
  for (const [item, start] of starts.entries()) {
    for (let place = start; place < ends[item]!; place++) {
      const before = place === start ? 0 : cumulative[place - 1]!;
      edges.set(`${log.itemNumbers.textOf(item)} ${targets[place]}`, cumulative[place]! - before);
    }
  }
  return edges;
}
