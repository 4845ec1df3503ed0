import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { interests } from '../interests.testing.ts';
import { boughtAgain } from './bought-again.ts';
import type { ListsForUsers } from './proposer.ts';

const DAY = 1_440;
const { signal } = new AbortController();

async function listOf(usual: Record<string, number>, candidates = 10) {
  const intervals = { usualDays: (itemId: string) => usual[itemId] };
  const model = boughtAgain.create({ intervals }, { settings: {}, candidates }) as ListsForUsers;
  const user = interests({
    streamTime: 100 * DAY * 60_000,
    recent: ['milk', 'once', 'tea', 'salt'],
    repeats: [
      // Every week, the last time yesterday; every week, the last time a week ago; every month, the last time a month ago.
      { place: 0, times: 4, span: 21 * DAY, idle: DAY },
      { place: 2, times: 3, span: 14 * DAY, idle: 7 * DAY },
      { place: 3, times: 2, span: 30 * DAY, idle: 30 * DAY },
    ],
  });
  return (await model.propose([user], signal)).get('u1')!.items;
}

describe('bought again', () => {
  it('items are in the order in which their next purchase is due, those of one purchase are left out', async () => {
    const items = await listOf({});
    assert.deepEqual(
      items.map(({ itemId }) => itemId),
      ['tea', 'salt', 'milk'],
    );
    assert.ok(Math.abs(items[0]!.score - 7) < 1e-9, 'the score is the interval in days');
    assert.deepEqual(items[0]!.because, {
      itemId: 'tea',
      type: 'buy',
      importance: 0,
      lastOccurredAt: 93 * DAY * 60_000,
    });
  });

  it('the purchases of all users move the interval of a user who bought seldom', async () => {
    const score = async (usual: Record<string, number>) =>
      (await listOf(usual)).find(({ itemId }) => itemId === 'salt')!.score;
    assert.ok(Math.abs((await score({})) - 30) < 1e-9);
    const moved = await score({ salt: 90 });
    assert.ok(moved > 60 && moved < 90);
  });

  it('a list has at most as many items as it may, and none of a user who repeats nothing', async () => {
    assert.equal((await listOf({}, 2)).length, 2);
    const intervals = { usualDays: () => undefined };
    const model = boughtAgain.create({ intervals }, { settings: {}, candidates: 10 }) as ListsForUsers;
    assert.deepEqual((await model.propose([interests({ recent: ['milk'] })], signal)).get('u1')?.items, []);
  });
});
