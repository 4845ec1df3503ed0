import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Dataset, type DatasetAction, range } from '../data/dataset.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { divide, latestUsers, planReplay } from './plan.ts';

function dataset(times: readonly number[]): Dataset {
  const actions = times.map(
    (occurredAt, index): DatasetAction => ({
      eventId: `${index}`,
      userId: `u${index % 4}`,
      itemId: 'i',
      type: 'view',
      occurredAt,
    }),
  );
  return {
    name: 'test',
    title: 'a test set',
    actionCount: actions.length,
    items: () => range([]),
    actions: (from, to) => range(actions, from, to),
  };
}

test('history and live part make up the whole; the live part is a tenth and at most 45 seconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 2_000_000 }), fc.integer({ min: 1, max: 5_000 }), (count, rate) => {
      const { historyCount, liveCount } = divide(count, rate);
      assert.equal(historyCount + liveCount, count);
      assert.ok(historyCount >= 1 && liveCount >= 1);
      assert.ok(liveCount <= rate * 45 && liveCount <= Math.ceil(count / 10));
    }),
  );
  assert.deepEqual(divide(50_000, 200), { historyCount: 45_000, liveCount: 5_000 });
  assert.deepEqual(divide(1_469_307, 200), { historyCount: 1_460_307, liveCount: 9_000 });
});

test('the shift moves the newest event of the history, not of the whole set, to now', async () => {
  const plan = await planReplay(dataset([100, 200, 300, 9_000]), 200, 50_000);
  assert.deepEqual(plan, { historyCount: 3, liveCount: 1, spanMs: 200, shift: 49_700 });
});

test('a set that cannot be divided into history and live part is rejected', async () => {
  for (const times of [[], [1]]) await assert.rejects(planReplay(dataset(times), 200, 0), SetupError);
});

test('the users of the newest history come first, each once', async () => {
  const set = dataset(Array.from({ length: 20 }, (_, index) => index));
  const plan = await planReplay(set, 200, 0);
  assert.equal(plan.historyCount, 18);
  assert.deepEqual(await latestUsers(set, plan, 3), ['u1', 'u0', 'u3']);
  assert.equal((await latestUsers(set, plan, 10)).length, 4);
});
