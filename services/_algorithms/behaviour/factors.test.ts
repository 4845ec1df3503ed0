import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { dot, row } from '../vectors.ts';
import { factorise, foldIn } from './factors.ts';
import { distinctPairs } from './sparse.ts';
import { eigenOfSymmetric, gram } from './symmetric.ts';

const OPTIONS = { rank: 6, regularisation: 0.2, damping: 0.3, popularity: 0.1 };
const USERS = 30;
const ITEMS = 12;

/** Users of two tastes, who also take some items of the other. */
function tastes() {
  const random = createRandom('tastes');
  const actions = Array.from({ length: 400 }, () => {
    const user = random.integer(USERS);
    const own = (user % 2) * (ITEMS / 2) + random.integer(ITEMS / 2);
    return { user, item: random.next() < 0.8 ? own : random.integer(ITEMS) };
  });
  return distinctPairs(
    {
      user: Int32Array.from(actions, ({ user }) => user),
      item: Int32Array.from(actions, ({ item }) => item),
    },
    USERS,
    ITEMS,
  );
}

describe('distinct pairs', () => {
  it('distinct pairs hold each pair once, by user and by item', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(4), fc.nat(3))), (log) => {
        const pairs = distinctPairs(
          { user: Int32Array.from(log, ([user]) => user), item: Int32Array.from(log, ([, item]) => item) },
          5,
          4,
        );
        const expected = [...new Set(log.map(([user, item]) => `${user} ${item}`))].sort();
        const read = (
          starts: Int32Array,
          values: Int32Array,
          count: number,
          name: (a: number, b: number) => string,
        ) =>
          Array.from({ length: count }, (_, key) =>
            [...values.subarray(starts[key], starts[key + 1])].map((value) => name(key, value)),
          )
            .flat()
            .sort();
        assert.deepEqual(
          read(pairs.userStarts, pairs.itemsOfUser, 5, (user, item) => `${user} ${item}`),
          expected,
        );
        assert.deepEqual(
          read(pairs.itemStarts, pairs.usersOfItem, 4, (item, user) => `${user} ${item}`),
          expected,
        );
      }),
    );
  });
});

describe('eigenvalues of a symmetric matrix', () => {
  it('eigenvectors times their values are the matrix', () => {
    const n = 7;
    const random = createRandom('symmetric');
    const matrix = gram(
      Float64Array.from({ length: n * 9 }, () => random.normal()),
      n,
    );
    const { values, vectors } = eigenOfSymmetric(matrix.slice(), n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += vectors[i * n + k]! * values[k]! * vectors[j * n + k]!;
        assert.ok(Math.abs(sum - matrix[i * n + j]!) < 1e-9);
      }
      if (i > 0) assert.ok(values[i]! <= values[i - 1]!);
    }
  });
});

describe('factors of behaviour', () => {
  const pairs = tastes();
  const factors = factorise(pairs, OPTIONS, createRandom('factors'));
  const scoreOf = (items: readonly number[], item: number) =>
    factors.offer[item]! *
    dot(foldIn(factors, items), Float64Array.from(row(factors.units, item, OPTIONS.rank)));

  /** The dense definition: x·D^−a·V·diag((σ − λ)/σ)·Vᵀ·D^b from the eigenvectors of AᵀA. */
  function scoreSlowly(items: readonly number[], item: number): number {
    const takers = Array.from({ length: ITEMS }, (_, i) => pairs.itemStarts[i + 1]! - pairs.itemStarts[i]!);
    const matrix = new Float64Array(USERS * ITEMS);
    for (let user = 0; user < USERS; user++) {
      for (const own of pairs.itemsOfUser.subarray(pairs.userStarts[user], pairs.userStarts[user + 1]))
        matrix[user * ITEMS + own] = takers[own]! ** -OPTIONS.damping;
    }
    const { values, vectors } = eigenOfSymmetric(gram(matrix, ITEMS), ITEMS);
    const lambda = OPTIONS.regularisation * Math.sqrt(values[0]!);
    let sum = 0;
    for (let k = 0; k < OPTIONS.rank; k++) {
      const sigma = Math.sqrt(values[k]!);
      const share = Math.max(0, sigma - lambda) / sigma;
      for (const own of items)
        sum +=
          takers[own]! ** -OPTIONS.damping * vectors[own * ITEMS + k]! * share * vectors[item * ITEMS + k]!;
    }
    return sum * takers[item]! ** OPTIONS.popularity;
  }

  it('a user who is folded in has the scores of the regularised factors, item by item', () => {
    for (const items of [[0], [1, 2, 7], [3, 4, 5, 11]]) {
      for (let item = 0; item < ITEMS; item++)
        assert.ok(Math.abs(scoreOf(items, item) - scoreSlowly(items, item)) < 1e-5, `${items} ${item}`);
    }
  });

  it('a user of one taste gets the other items of that taste', () => {
    const best = Array.from({ length: ITEMS }, (_, item) => item)
      .filter((item) => item > 2)
      .sort((a, b) => scoreOf([0, 1, 2], b) - scoreOf([0, 1, 2], a));
    assert.deepEqual(new Set(best.slice(0, 3)), new Set([3, 4, 5]));
  });

  it('the same seed gives the same factors, and an item that nobody took is unknown to them', () => {
    const again = factorise(pairs, OPTIONS, createRandom('factors'));
    assert.deepEqual(again, factors);
    const wider = distinctPairs({ user: Int32Array.of(0, 1), item: Int32Array.of(0, 0) }, 2, 2);
    const { offer, fold, units } = factorise(wider, OPTIONS, createRandom('few'));
    assert.ok(offer[0]! > 0);
    assert.deepEqual([offer[1], fold[1]], [0, 0]);
    assert.ok(units.every(Number.isFinite));
  });
});
