import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { squaredDistance } from '../vectors.ts';
import { MILLISECONDS_PER_DAY } from './importance.ts';
import { clusterWindow, type InterestOptions } from './interests.ts';
import { actionLists, START } from './window.testing.ts';
import { applyAction, createWindow, type WindowAction } from './window.ts';

const NOW = START + 30 * MILLISECONDS_PER_DAY;
const OPTIONS: InterestOptions = {
  alpha: 1,
  lambdaPerDay: 0.01,
  actionWeights: { view: 1, purchase: 5, hide: -3 },
  now: NOW,
};

/** Two groups, fruit and staples, far apart; `fig` has no vector. */
const VECTORS = new Map([
  ['apple', Float32Array.of(0, 0)],
  ['dates', Float32Array.of(0.1, 0)],
  ['bread', Float32Array.of(10, 0)],
  ['cheese', Float32Array.of(10, 0.2)],
  ['eggs', Float32Array.of(10, 0.1)],
]);
const vectorOf = (itemId: string) => VECTORS.get(itemId);

function action(itemId: string, type: string, daysAgo = 0, weight = 1): WindowAction {
  const occurredAt = NOW - daysAgo * MILLISECONDS_PER_DAY;
  return { eventId: `${itemId}-${type}-${daysAgo}`, itemId, type, occurredAt, weight };
}

function cluster(actions: readonly WindowAction[], options = OPTIONS) {
  const window = createWindow();
  for (const each of actions) applyAction(window, each, NOW);
  return clusterWindow(window, vectorOf, options);
}

test('each group of near items is one interest, ordered by importance', () => {
  const { medoids, unknownItems } = cluster([
    action('apple', 'view', 4),
    action('bread', 'view', 3),
    action('cheese', 'view', 2),
    action('eggs', 'purchase', 1),
    action('fig', 'view', 1),
  ]);
  assert.equal(unknownItems, 1);
  assert.deepEqual(
    medoids.map(({ itemId, size, lastOccurredAt, members }) => ({ itemId, size, lastOccurredAt, members })),
    [
      {
        itemId: 'eggs',
        size: 3,
        lastOccurredAt: action('', '', 1).occurredAt,
        members: ['bread', 'cheese', 'eggs'],
      },
      { itemId: 'apple', size: 1, lastOccurredAt: action('', '', 4).occurredAt, members: ['apple'] },
    ],
  );
  const expected = Math.exp(-0.03) + Math.exp(-0.02) + 5 * Math.exp(-0.01);
  assert.ok(Math.abs(medoids[0]!.importance - expected) < 1e-12);
});

test('repeated actions on an item move the medoid to it', () => {
  const once = [action('bread', 'view'), action('eggs', 'view'), action('cheese', 'view')];
  const more = [1, 2, 3, 4].map((days) => action('cheese', 'view', days));
  assert.equal(cluster(once).medoids[0]?.itemId, 'eggs');
  assert.equal(cluster([...once, ...more]).medoids[0]?.itemId, 'cheese');
});

test('dislike lowers the importance of its interest, removes it at zero, and creates none', () => {
  const liked = [action('apple', 'view'), action('bread', 'purchase')];
  const lowered = cluster([...liked, action('bread', 'hide')]).medoids;
  assert.deepEqual(
    lowered.map(({ itemId, importance }) => [itemId, importance]),
    [
      ['bread', 2],
      ['apple', 1],
    ],
  );
  const dropped = cluster([...liked, action('apple', 'hide')]).medoids;
  assert.deepEqual(
    dropped.map(({ itemId }) => itemId),
    ['bread'],
  );
  assert.deepEqual(cluster([action('apple', 'hide'), action('fig', 'hide')]), {
    medoids: [],
    unknownItems: 0,
  });
});

test('a type without a weight counts nothing, and an action may have its own factor', () => {
  assert.deepEqual(cluster([action('apple', 'hover')]).medoids, []);
  assert.equal(cluster([action('apple', 'view', 0, 2.5)]).medoids[0]?.importance, 2.5);
});

test('members partition the known liked items, and each medoid is the nearest of its members to all of them', () => {
  fc.assert(
    fc.property(actionLists(30), (actions) => {
      const { medoids, unknownItems } = cluster(actions, {
        ...OPTIONS,
        actionWeights: { view: 1, purchase: 5 },
      });
      const liked = new Set(actions.filter(({ type }) => type !== 'hide').map(({ itemId }) => itemId));
      assert.equal(unknownItems, liked.delete('fig') ? 1 : 0);
      assert.deepEqual(medoids.flatMap(({ members }) => members).toSorted(), [...liked].toSorted());
      const sizeOf = (id: string) =>
        actions.filter((each) => each.itemId === id && each.type !== 'hide').length;
      for (const { itemId, members, size } of medoids) {
        const cost = (candidate: string) =>
          members.reduce(
            (sum, member) => sum + sizeOf(member) * squaredDistance(vectorOf(candidate)!, vectorOf(member)!),
            0,
          );
        assert.ok(members.every((member) => cost(itemId) <= cost(member) + 1e-9));
        assert.equal(
          size,
          members.reduce((sum, member) => sum + sizeOf(member), 0),
        );
      }
    }),
  );
});

test('interests are ordered by importance and do not depend on the order of arrival', () => {
  const shuffled = actionLists(30).chain((actions) =>
    fc.tuple(fc.constant(actions), fc.shuffledSubarray(actions, { minLength: actions.length })),
  );
  fc.assert(
    fc.property(shuffled, ([actions, arrival]) => {
      const { medoids } = cluster(actions);
      assert.deepEqual(cluster(arrival).medoids, medoids);
      const importances = medoids.map(({ importance }) => importance);
      assert.deepEqual(
        importances.toSorted((a, b) => b - a),
        importances,
      );
      assert.ok(importances.every((importance) => importance > 0));
    }),
  );
});

test('vectors of different lengths are rejected', () => {
  const mixed = (itemId: string) => (itemId === 'apple' ? Float32Array.of(1) : Float32Array.of(1, 2));
  const window = createWindow();
  for (const each of [action('apple', 'view'), action('bread', 'view')]) applyAction(window, each, NOW);
  assert.throws(
    () => clusterWindow(window, mixed, OPTIONS),
    /The vector of bread has 2 numbers, others have 1/,
  );
});
