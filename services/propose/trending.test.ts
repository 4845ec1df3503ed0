import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Availability, UserAction } from '#contracts/generated/records.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { CONFIG } from './interests.testing.ts';
import { Popularity, popularityHorizon } from './popularity.ts';
import { trendingProposal } from './trending-model.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');

function action(itemId: string, change: Partial<UserAction> = {}): UserAction {
  return {
    eventId: itemId,
    userId: 'u1',
    itemId,
    type: 'buy',
    occurredAt: NOW,
    receivedAt: NOW,
    contextId: null,
    value: null,
    ...change,
  };
}

function popularityOf(...actions: UserAction[]): Popularity {
  const popularity = new Popularity({ ...CONFIG, actionWeights: { ...CONFIG.actionWeights, view: 0.25 } });
  for (const one of actions) popularity.take(one);
  return popularity;
}

describe('popularity', () => {
  it('is a share of the most popular item’s', () => {
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

  it('has no scale before it was asked for the top, and none of nothing', () => {
    assert.equal(popularityOf(action('tea')).share('tea'), 0);
    const empty = popularityOf();
    assert.deepEqual([empty.top(3), empty.share('tea')], [[], 0]);
  });

  it('never exceeds one, though an item rose since the scale was set', () => {
    const popularity = popularityOf(action('tea'));
    popularity.top(1);
    popularity.take(action('tea'));
    assert.equal(popularity.share('tea'), 1);
  });

  it('halves with its half-life of event time', () => {
    const popularity = popularityOf(action('old', { occurredAt: NOW - 7 * DAY }), action('tea'));
    popularity.top(1);
    assert.ok(Math.abs(popularity.share('old') - 0.5) < 1e-9);
    assert.equal(popularityHorizon(NOW, 7), NOW - 70 * DAY, 'what is older weighs below a thousandth');
  });

  it('is weighed by the type of action, and dislike does not count', () => {
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

  it('is not moved by a time from the future', () => {
    const popularity = popularityOf(action('tea'), action('bad', { occurredAt: NOW + 365 * DAY }));
    assert.deepEqual(popularity.top(5), [{ itemId: 'tea', share: 1 }]);
  });
});

describe('what is trending', () => {
  const indexOf = (availabilities: Record<string, Availability>): Pick<IndexClient, 'items'> => ({
    items: async () =>
      Object.fromEntries(
        Object.entries(availabilities).map(([itemId, availability]) => [
          itemId,
          { title: itemId, availability },
        ]),
      ),
  });

  it('is the popular items that may be recommended, for everybody', async () => {
    const popularity = popularityOf(action('tea'), action('tea'), action('gone'), action('unlisted'));
    const index = indexOf({ tea: 'available', gone: 'unavailable' });
    assert.deepEqual(await trendingProposal(popularity, index, 10, NOW), {
      userId: '*',
      model: 'trending',
      generation: null,
      version: -1,
      receivedAt: NOW,
      recent: [],
      explanation: 'popular right now',
      items: [
        { itemId: 'tea', score: 1, because: null, popularity: 1 },
        { itemId: 'unlisted', score: 0.5, because: null, popularity: 0.5 },
      ],
    });
  });

  it('is nothing before anybody did anything', async () => {
    assert.equal(await trendingProposal(popularityOf(), indexOf({}), 10, NOW), undefined);
  });
});
