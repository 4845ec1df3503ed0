import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { type ActionColumns, positivePairs, splitByTime } from './pairs.ts';

type Action = readonly [user: number, context: number, item: number, at: number];

function columnsOf(actions: readonly Action[]): ActionColumns {
  return {
    user: Int32Array.from(actions, ([user]) => user),
    context: Int32Array.from(actions, ([, context]) => context),
    item: Int32Array.from(actions, ([, , item]) => item),
    weight: new Float32Array(actions.length).fill(1),
    at: Float64Array.from(actions, ([, , , at]) => at),
  };
}

function pairsOf(
  actions: readonly Action[],
  { withinMs = 10, pairsPerAction = 50, seed = 1 } = {},
): string[] {
  const { query, positive } = positivePairs(
    columnsOf(actions),
    { withinMs, pairsPerAction },
    createRandom(seed),
  );
  return [...new Set(Array.from(query, (item, p) => `${item}>${positive[p]}`))].sort();
}

/** Baskets of a few users, with one timestamp per basket. */
const baskets = fc
  .array(fc.tuple(fc.nat(3), fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }), fc.nat(20)), {
    maxLength: 15,
  })
  .map((list) => {
    let at = 0;
    return list.flatMap(([user, items, gap], context) => {
      at += gap + 1;
      return items.map((item): Action => [user, context, item, at]);
    });
  });

describe('positive pairs', () => {
  it('pairs join items of one basket both ways and point forward to the next basket', () => {
    const actions: Action[] = [
      [0, 0, 1, 0],
      [0, 0, 2, 0],
      [0, 1, 3, 5],
    ];
    assert.deepEqual(pairsOf(actions), ['1>2', '1>3', '2>1', '2>3']);
  });

  it('pairs do not cross users, nor a gap longer than the bound', () => {
    assert.deepEqual(
      pairsOf([
        [0, 0, 1, 0],
        [1, 1, 2, 1],
      ]),
      [],
    );
    assert.deepEqual(
      pairsOf([
        [0, 0, 1, 0],
        [0, 1, 2, 11],
      ]),
      [],
    );
  });

  it('pairs join only the same or the next context of one user, in order of time and within their number', () => {
    fc.assert(
      fc.property(baskets, fc.nat(), (actions, seed) => {
        const allowed = new Set<string>();
        for (const [user, context, item, at] of actions) {
          const later = actions
            .filter(([u, , , t]) => u === user && t > at)
            .map(([, c, , t]) => [t, c] as const);
          const nextAt = Math.min(...later.map(([t]) => t));
          for (const [u, c, other, t] of actions) {
            const near = u === user && (c === context || (t === nextAt && t - at <= 10));
            if (near && other !== item) allowed.add(`${item}>${other}`);
          }
        }
        assert.ok(pairsOf(actions, { pairsPerAction: 3, seed }).every((pair) => allowed.has(pair)));
        const pairs = positivePairs(
          columnsOf(actions),
          { withinMs: 10, pairsPerAction: 3 },
          createRandom(seed),
        );
        assert.ok(pairs.query.length <= actions.length * 3);
        assert.ok(pairs.at.every((at, p) => p === 0 || pairs.at[p - 1]! <= at));
      }),
    );
  });

  it('columns of different lengths are rejected', () => {
    const columns = { ...columnsOf([[0, 0, 1, 0]]), user: new Int32Array(2) };
    const options = { withinMs: 1, pairsPerAction: 1 };
    assert.throws(() => positivePairs(columns, options, createRandom(1)), /differ in length: 2, 1, 1, 1, 1/);
  });
});

describe('split by time', () => {
  it('the split keeps every action once, and none before the boundary is later than one after it', () => {
    fc.assert(
      fc.property(baskets, fc.double({ min: 0, max: 1, noNaN: true }), (actions, share) => {
        const { before, after } = splitByTime(columnsOf(actions), share);
        if (actions.length === 0) return;
        assert.equal(before.item.length + after.item.length, actions.length);
        assert.ok(Math.max(...before.at) < Math.min(...after.at));
        assert.ok(after.item.length <= Math.ceil(share * actions.length));
      }),
    );
  });
});
