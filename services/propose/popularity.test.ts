import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { readProposeConfig } from './config.ts';
import { Popularity, popularityHorizon } from './popularity.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');

function action(itemId: string, change: Partial<UserAction> = {}): UserAction {
  return anAction({ itemId, occurredAt: NOW, receivedAt: NOW, ...change });
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

  it('popularity is not moved by a time from the future', () => {
    const popularity = popularityOf(action('tea'), action('bad', { occurredAt: NOW + 365 * DAY }));
    assert.deepEqual(popularity.top(5), [{ itemId: 'tea', share: 1 }]);
  });
});
