import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { readProposeConfig } from './config.ts';
import { Takers } from './takers.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');
const CONFIG = readProposeConfig({ TRIBUTARY_PRIOR_HALF_LIFE_DAYS: '30', TRIBUTARY_TRENDING_SEEN_MIB: '1' });

const action = (userId: string, itemId: string, change: Partial<UserAction> = {}): UserAction =>
  anAction({ userId, itemId, occurredAt: NOW, receivedAt: NOW, ...change });

function takersOf(...actions: UserAction[]): Takers {
  const takers = new Takers(CONFIG);
  for (const one of actions) takers.apply(logged(one));
  takers.rescale();
  return takers;
}

/** The definition: each pair counts once, by its last time. */
function countSlowly(actions: readonly UserAction[]): Map<string, number> {
  const last = new Map<string, UserAction>();
  for (const one of actions) {
    const key = `${one.userId}/${one.itemId}`;
    if (one.occurredAt >= (last.get(key)?.occurredAt ?? 0)) last.set(key, one);
  }
  const counts = new Map<string, number>();
  for (const { itemId, occurredAt } of last.values())
    counts.set(itemId, (counts.get(itemId) ?? 0) + 2 ** ((occurredAt - NOW) / (30 * DAY)));
  return counts;
}

describe('recent takers', () => {
  it('recent takers count each user once for an item, by the last time, in whatever order actions come', () => {
    const random = createRandom('takers');
    const actions = Array.from({ length: 3_000 }, () =>
      action(`u${random.integer(20)}`, `i${random.integer(15)}`, {
        occurredAt: NOW - random.integer(200) * DAY,
      }),
    );
    const expected = countSlowly(actions);
    const highest = Math.max(...expected.values());
    const takers = takersOf(...actions, ...actions.slice(0, 500));
    for (const [itemId, count] of expected)
      assert.ok(Math.abs(takers.share(itemId) - count / highest) < 1e-9, itemId);
  });

  it('a user who takes an item every day counts once, so that a robot moves nothing', () => {
    const often = Array.from({ length: 1_000 }, (_, n) =>
      action('robot', 'nail', { occurredAt: NOW - n * 1_000 }),
    );
    const takers = takersOf(...often, action('u1', 'tea'), action('u2', 'tea'));
    assert.equal(takers.share('tea'), 1);
    assert.ok(Math.abs(takers.share('nail') - 0.5) < 1e-6);
  });

  it('recent takers are weighed by the type of action, and neither dislike nor a time from the future counts', () => {
    const takers = takersOf(
      action('u1', 'tea'),
      action('u1', 'nail', { type: 'view' }),
      action('u1', 'odd', { type: 'hide' }),
      action('u1', 'bad', { occurredAt: NOW + 365 * DAY }),
    );
    assert.deepEqual(
      ['tea', 'nail', 'odd', 'bad', 'unknown'].map((itemId) => takers.share(itemId)),
      [1, 0.2, 0, 0, 0],
    );
  });

  it('nobody has taken anything before the scale is set', () => {
    const takers = new Takers(CONFIG);
    assert.equal(takers.share('tea'), 0);
    takers.rescale();
    assert.equal(takers.share('tea'), 0);
  });
});
