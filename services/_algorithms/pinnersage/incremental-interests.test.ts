import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MILLISECONDS_PER_DAY } from './importance.ts';
import { type KnownBefore, readWindow, recluster } from './incremental-interests.ts';
import { ForestWorkspace } from './incremental-workspace.ts';
import { clusterWindow, type InterestOptions } from './interests.ts';
import { actionLists, START } from './window.testing.ts';
import {
  type ActionWindow,
  applyAction,
  createWindow,
  DEFAULT_WINDOW_LIMITS,
  type WindowAction,
} from './window.ts';

/** Vectors in general position; `fig` has no vector. */
const VECTORS = new Map([
  ['apple', Float32Array.of(0, 0)],
  ['dates', Float32Array.of(0.3, 0.1)],
  ['bread', Float32Array.of(1.7, 0.4)],
  ['cheese', Float32Array.of(1.6, 1.1)],
  ['eggs', Float32Array.of(0.9, 1.3)],
]);
const vectorOf = (itemId: string) => VECTORS.get(itemId);
const LIMITS = { ...DEFAULT_WINDOW_LIMITS, days: 20, maximum: 25 };
const workspace = new ForestWorkspace();

const optionsAt = (now: number, alpha: number): InterestOptions => ({
  alpha,
  lambdaPerDay: 0.01,
  actionWeights: { view: 1, purchase: 5, hide: -3 },
  now,
});

function follow(window: ActionWindow, before: KnownBefore, options: InterestOptions) {
  const reading = readWindow(window, before, options);
  const { clustering, ...interests } = recluster(reading, before.clustering, vectorOf, options, workspace);
  return { interests, clustering, known: { evidence: reading.evidence, clustering } };
}

interface Arrival {
  readonly action: WindowAction;
  /** Whether the clustering is updated after this action, or only after a later one. */
  readonly clustered: boolean;
  /** Whether the process has lost its state and starts from nothing. */
  readonly restarted: boolean;
}

/** Actions of sixty days in any order against windows of twenty: late ones, expiry, duplicates and dislike. */
const arrivals: fc.Arbitrary<Arrival[]> = fc
  .tuple(
    actionLists(60),
    fc.array(fc.record({ clustered: fc.boolean(), restarted: fc.boolean() }), {
      minLength: 40,
      maxLength: 40,
    }),
  )
  .map(([actions, fates]) => actions.map((action, i) => ({ action, ...fates[i]! })));

test('after any additions, removals, batches and losses of state, the interests equal those of the whole window clustered at once', () => {
  fc.assert(
    fc.property(arrivals, fc.double({ min: 0, max: 4, noNaN: true }), (given, alpha) => {
      const window = createWindow();
      let known: KnownBefore = {};
      let streamTime = START;
      for (const { action, clustered, restarted } of given) {
        streamTime = Math.max(streamTime, action.occurredAt);
        applyAction(window, action, streamTime, LIMITS);
        if (restarted) known = {};
        if (!clustered) continue;
        const options = optionsAt(streamTime, alpha);
        const found = follow(window, known, options);
        known = found.known;
        assert.deepEqual(found.interests, clusterWindow(window, vectorOf, options));
        assert.deepEqual(found.clustering, follow(window, {}, options).clustering);
      }
    }),
    { numRuns: 300 },
  );
});

test('the leaves partition the known liked items, and their weights are the numbers of actions', () => {
  fc.assert(
    fc.property(actionLists(30), (actions) => {
      const window = createWindow();
      for (const action of actions) applyAction(window, action, START);
      const { clustering, interests } = follow(window, {}, optionsAt(START, 1));
      const liked = window.actions.filter(({ type }) => type !== 'hide').map(({ itemId }) => itemId);
      const known = liked.filter((itemId) => VECTORS.has(itemId));
      assert.deepEqual(clustering?.itemIds ?? [], [...new Set(known)].sort());
      assert.equal(interests.unknownItems, liked.includes('fig') ? 1 : 0);
      clustering?.itemIds.forEach((itemId, leaf) => {
        assert.equal(clustering.forest.leaves.weights[leaf], known.filter((id) => id === itemId).length);
      });
    }),
  );
});

test('only added items have their vectors looked up', () => {
  const window = createWindow();
  const add = (eventId: string, itemId: string) =>
    applyAction(window, { eventId, itemId, type: 'view', occurredAt: START, weight: 1 }, START);
  add('e1', 'apple');
  add('e2', 'fig');
  const { known } = follow(window, {}, optionsAt(START, 1));
  add('e3', 'bread');
  const { added } = readWindow(window, known, optionsAt(START, 1));
  assert.deepEqual(
    added.map(({ itemId }) => itemId),
    ['bread', 'fig'],
  );
});

test('dislike alone leaves the clustering unchanged, and expiry of all actions empties it', () => {
  const window = createWindow();
  const like = { eventId: 'e1', itemId: 'apple', type: 'view', occurredAt: START, weight: 1 };
  applyAction(window, like, START, LIMITS);
  const options = optionsAt(START, 1);
  const { known, clustering } = follow(window, {}, options);
  applyAction(window, { ...like, eventId: 'e2', type: 'hide' }, START, LIMITS);
  const disliked = follow(window, known, options);
  assert.deepEqual(disliked.clustering, clustering);
  assert.deepEqual(disliked.interests.medoids, []);
  const later = START + 21 * MILLISECONDS_PER_DAY;
  applyAction(window, { ...like, eventId: 'e3', type: 'hide', occurredAt: later }, later, LIMITS);
  assert.equal(follow(window, known, optionsAt(later, 1)).clustering, undefined);
});

test('malformed vectors are rejected', () => {
  const window = createWindow();
  for (const itemId of ['apple', 'bread']) {
    applyAction(window, { eventId: itemId, itemId, type: 'view', occurredAt: START, weight: 1 }, START);
  }
  const options = optionsAt(START, 1);
  const reading = readWindow(window, {}, options);
  const mixed = (itemId: string) => (itemId === 'apple' ? Float32Array.of(1) : Float32Array.of(1, 2));
  assert.throws(() => recluster(reading, undefined, mixed, options, workspace), /of bread has 2 numbers/);
  const broken = () => Float32Array.of(Number.NaN);
  assert.throws(() => recluster(reading, undefined, broken, options, workspace), /of apple is not finite/);
});
