import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { readProposeConfig } from './config.ts';
import { Popularity, popularityHorizon } from './popularity.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');

let actions = 0;

/** Each action is of a user of its own. */
function action(itemId: string, change: Partial<UserAction> = {}): UserAction {
  actions++;
  return anAction({
    eventId: `event ${actions}`,
    userId: `user ${actions}`,
    itemId,
    occurredAt: NOW,
    receivedAt: NOW,
    ...change,
  });
}

function popularityOf(...actions: UserAction[]): Popularity {
  const popularity = new Popularity(readProposeConfig({ TRIBUTARY_ACTION_WEIGHTS: 'view=0.25' }));
  for (const one of actions) popularity.apply(logged(one));
  return popularity;
}

describe('popularity', () => {
  it('popularity is a share of the most popular item’s', () => {
    const popularity = popularityOf(action('tea'), action('tea'), action('nail'));
    assert.deepEqual(popularity.top(5), [
      { itemId: 'tea', share: 1 },
      { itemId: 'nail', share: 0.5 },
    ]);
    assert.deepEqual(
      ['tea', 'nail', 'new'].map((itemId) => popularity.share(itemId)),
      [1, 0.5, 0],
    );
  });

  it('popularity is 0 before the top was computed, which sets its scale, and where nothing was counted', () => {
    assert.equal(popularityOf(action('tea')).share('tea'), 0);
    const empty = popularityOf();
    assert.deepEqual([empty.top(3), empty.share('tea')], [[], 0]);
  });

  it('popularity never exceeds one, though an item rose since the scale was set', () => {
    const popularity = popularityOf(action('tea'));
    popularity.top(1);
    popularity.apply(logged(action('tea')));
    assert.equal(popularity.share('tea'), 1);
  });

  it('popularity halves with its half-life of event time', () => {
    const popularity = popularityOf(action('old', { occurredAt: NOW - 7 * DAY }), action('tea'));
    popularity.top(1);
    assert.ok(Math.abs(popularity.share('old') - 0.5) < 1e-9);
    assert.equal(popularityHorizon(NOW, 7), NOW - 70 * DAY, 'what is older weighs below a thousandth');
  });

  it('popularity is weighed by the type of action, and dislike does not count', () => {
    const popularity = popularityOf(
      action('tea'),
      action('nail', { type: 'view' }),
      action('odd', { type: 'hide' }),
    );
    assert.deepEqual(popularity.top(5), [
      { itemId: 'tea', share: 1 },
      { itemId: 'nail', share: 0.25 },
    ]);
  });

  it('an event that is sent 5,000 times counts once', () => {
    const popularity = popularityOf(action('tea'), action('tea'));
    const repeated = action('nail', { userId: 'u1', eventId: 'e1' });
    for (let n = 0; n < 5_000; n++) popularity.apply(logged(repeated));
    popularity.apply(logged({ ...repeated, occurredAt: NOW - 3 * DAY }));
    popularity.apply(logged({ ...repeated, itemId: 'screw' }));
    assert.deepEqual(popularity.top(5), [
      { itemId: 'tea', share: 1 },
      { itemId: 'nail', share: 0.5 },
    ]);
  });

  it('a user counts once a day for an item, so that a robot with 100,000 views moves nothing', () => {
    const popularity = popularityOf(action('tea', { type: 'view' }), action('tea', { type: 'view' }));
    for (let n = 0; n < 100_000; n++)
      popularity.apply(
        logged(action('nail', { userId: 'robot', type: 'view', occurredAt: NOW + (n % 1_000) })),
      );
    assert.equal(popularity.top(2)[0]?.itemId, 'tea');
    assert.ok(Math.abs(popularity.share('nail') - 0.5) < 1e-9);
    popularity.apply(
      logged(action('nail', { userId: 'robot', type: 'view', occurredAt: NOW + DAY, receivedAt: NOW + DAY })),
    );
    assert.ok(popularity.share('nail') > 0.5, 'the next day counts');
    popularity.apply(logged(action('nail', { userId: 'robot', type: 'buy' })));
    assert.ok(popularity.share('nail') > 0.99, 'a purchase counts beside a view');
  });

  it('the order in which partitions are read does not matter', () => {
    const log = Array.from({ length: 600 }, (_, n) =>
      action(`item ${n % 7}`, { userId: `user ${n % 50}`, occurredAt: NOW - (n % 90) * DAY }),
    );
    const config = { ...readProposeConfig({}), seenMib: 1 };
    const [straight, mixed] = [new Popularity(config, 2), new Popularity(config, 2)];
    const partitionOf = (one: UserAction): number => Number(one.userId.slice(5)) % 2;
    for (const one of log) straight.apply(logged(one), partitionOf(one));
    for (const partition of [1, 0])
      for (const one of log) if (partitionOf(one) === partition) mixed.apply(logged(one), partition);
    const rounded = (popularity: Popularity) =>
      popularity.top(7).map(({ itemId, share }) => `${itemId} ${share.toFixed(9)}`);
    assert.deepEqual(rounded(mixed), rounded(straight));
  });

  it('popularity is not moved by a time from the future', () => {
    const popularity = popularityOf(action('tea'), action('bad', { occurredAt: NOW + 365 * DAY }));
    assert.deepEqual(popularity.top(5), [{ itemId: 'tea', share: 1 }]);
  });
});
