import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { gatherEvidence, importanceOf, likedItems, type WindowEvidence } from './evidence.ts';
import { importance } from './importance.testing.ts';
import { MILLISECONDS_PER_DAY } from './importance.ts';
import { actionLists, START } from './window.testing.ts';
import { applyAction, createWindow, DEFAULT_WINDOW_LIMITS } from './window.ts';

const OPTIONS = { lambdaPerDay: 0.01, actionWeights: { view: 1, purchase: 5, hide: -3 } };
const LIMITS = { ...DEFAULT_WINDOW_LIMITS, days: 20, maximum: 25 };
const END = START + 70 * MILLISECONDS_PER_DAY;

test('an item’s importance is the decayed sum over its actions at any time, and its size is its number of likes', () => {
  fc.assert(
    fc.property(actionLists(60), fc.integer({ min: 0, max: 400 }), (actions, days) => {
      const window = createWindow();
      for (const action of actions) applyAction(window, action, START);
      const now = END + days * MILLISECONDS_PER_DAY;
      const { items } = gatherEvidence(window, OPTIONS);
      const itemIds = new Set(actions.map(({ itemId }) => itemId));
      assert.deepEqual(
        items.map(({ itemId }) => itemId),
        [...itemIds].sort(),
      );
      for (const item of items) {
        const own = window.actions.filter(({ itemId }) => itemId === item.itemId);
        const weightOf = (type: string) => OPTIONS.actionWeights[type as keyof typeof OPTIONS.actionWeights];
        const weighted = own.map((action) => ({ ...action, weight: weightOf(action.type) * action.weight }));
        assert.ok(Math.abs(importanceOf(item, now, 0.01) - importance(weighted, now, 0.01)) < 1e-9);
        const likes = weighted.filter(({ weight }) => weight > 0);
        assert.equal(item.size, likes.length);
        assert.equal(item.newestAt, own.at(-1)?.occurredAt);
        assert.equal(item.lastOccurredAt, likes.at(-1)?.occurredAt ?? 0);
      }
      assert.deepEqual(
        likedItems({ options: OPTIONS, actions: [], items }),
        items.filter(({ size }) => size > 0),
      );
    }),
  );
});

test('a window read incrementally from any earlier window equals a full read, to the last bit', () => {
  const lists = fc.record({
    actions: actionLists(60),
    other: actionLists(60),
    looks: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  });
  fc.assert(
    fc.property(lists, ({ actions, other, looks }) => {
      const window = createWindow();
      for (const action of other) applyAction(window, action, START, LIMITS);
      let known: WindowEvidence | undefined = gatherEvidence(window, OPTIONS);
      window.actions.length = 0;
      let streamTime = START;
      actions.forEach((action, i) => {
        streamTime = Math.max(streamTime, action.occurredAt);
        applyAction(window, action, streamTime, LIMITS);
        if (!looks[i]) return;
        known = gatherEvidence(window, OPTIONS, known);
        assert.deepEqual(known, gatherEvidence(window, OPTIONS));
        assert.deepEqual(gatherEvidence(structuredClone(window), OPTIONS, known), known);
      });
    }),
  );
});

test('evidence of other weights or another λ is not reused', () => {
  const window = createWindow();
  applyAction(window, { eventId: 'e', itemId: 'apple', type: 'view', occurredAt: 1, weight: 1 }, 1);
  const known = gatherEvidence(window, OPTIONS);
  const heavier = { ...OPTIONS, actionWeights: { view: 2 } };
  assert.equal(gatherEvidence(window, heavier, known).items[0]?.weight, 2);
  const flat = { ...OPTIONS, lambdaPerDay: 0 };
  assert.equal(gatherEvidence(window, flat, known).options, flat);
});
