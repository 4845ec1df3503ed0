import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createWindow } from '#algorithms/pinnersage/window.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import { action, CONFIG, DAY, START, served } from './actions.testing.ts';
import { Clusterer } from './clusters.ts';
import { applyActions, composeInterests } from './update.ts';

async function derive(actions: UserAction[], change: Partial<typeof CONFIG> = {}): Promise<UserInterests> {
  const config = { ...CONFIG, ...change };
  const window = createWindow();
  const streamTime = Math.max(...actions.map(({ occurredAt }) => occurredAt));
  applyActions(
    window,
    actions.map((one, offset) => ({ action: one, offset, streamTime })),
    config,
  );
  const at = { userId: 'u1', version: 1, generation: 'g1', streamTime, receivedAt: START };
  const found = await new Clusterer(config).cluster(window, undefined, served(), streamTime);
  return composeInterests(window, at, found, config);
}

const medoidsOf = (interests: UserInterests) => interests.medoids.map(({ itemId }) => itemId);

describe('interests', () => {
  it('each kind of item has one medoid, the most important first', async () => {
    const interests = await derive([
      action({ itemId: 'nail', occurredAt: START - 80 * DAY }),
      action({ itemId: 'tea' }),
      action({ itemId: 'tea', occurredAt: START - 1 }),
      action({ itemId: 'mate', type: 'view' }),
    ]);
    assert.deepEqual(medoidsOf(interests), ['tea', 'nail']);
    assert.equal(interests.windowSize, 4);
    assert.equal(interests.generation, 'g1');
  });

  it('importance decays with event time and not with the clock', async () => {
    const [medoid] = (
      await derive([
        action({ itemId: 'tea', occurredAt: START }),
        action({ itemId: 'nowhere', occurredAt: START + 50 * DAY }),
      ])
    ).medoids;
    assert.ok(Math.abs((medoid?.importance ?? 0) - Math.exp(-0.5)) < 1e-12);
  });

  it('dislike makes no medoid and lowers importance', async () => {
    assert.deepEqual((await derive([action({ type: 'hide' })])).medoids, []);
    const disliked = [
      action({ itemId: 'tea' }),
      action({ itemId: 'tea', type: 'return', occurredAt: START + 1 }),
    ];
    assert.deepEqual(medoidsOf(await derive(disliked)), []);
    assert.deepEqual(medoidsOf(await derive([...disliked, action({ itemId: 'nail' })])), ['nail']);
  });

  it('a recent item carries the type of its actions that weighs most, and one type of all is written once', async () => {
    const mixed = await derive([
      action({ itemId: 'tea', type: 'view' }),
      action({ itemId: 'tea', type: 'buy', occurredAt: START - 1 }),
      action({ itemId: 'nail', type: 'hide', occurredAt: START - 2 }),
      action({ itemId: 'nail', type: 'view', occurredAt: START - 3 }),
    ]);
    assert.deepEqual(mixed.recent, ['tea', 'nail']);
    assert.deepEqual(
      mixed.recentTypes.map((type) => mixed.types[type]),
      ['buy', 'view'],
    );
    const alike = await derive([
      action({ itemId: 'tea' }),
      action({ itemId: 'nail', occurredAt: START - 1 }),
    ]);
    assert.deepEqual([alike.types, alike.recentTypes], [['buy'], []]);
  });

  it('an item that was bought on several days is a repeat, with the time between and since', async () => {
    const { recent, repeats } = await derive([
      action({ itemId: 'nail', occurredAt: START - 20 * DAY }),
      action({ itemId: 'tea', occurredAt: START - 30 * DAY }),
      action({ itemId: 'tea', occurredAt: START - 16 * DAY }),
      // The same visit, and no purchase.
      action({ itemId: 'tea', occurredAt: START - 16 * DAY + 1 }),
      action({ itemId: 'tea', type: 'view', occurredAt: START - 1 * DAY }),
      action({ itemId: 'mate', occurredAt: START }),
    ]);
    assert.deepEqual(recent, ['mate', 'tea', 'nail']);
    assert.deepEqual(repeats, [{ place: 1, times: 2, span: 14 * 1_440, idle: 16 * 1_440 }]);
  });

  it('a medoid carries the type of its actions that weighs most', async () => {
    const types = ['view', 'buy', 'hide', 'click'] as const;
    const [medoid] = (
      await derive(
        types.map((type, i) => action({ type, occurredAt: START + i })),
        { actionWeights: { ...CONFIG.actionWeights, hide: -0.1 } },
      )
    ).medoids;
    assert.equal(medoid?.type, 'buy');
  });

  it('unknownItems counts the liked items that have no vector', async () => {
    const interests = await derive([action({ itemId: 'new' }), action({ itemId: 'odd', type: 'hide' })]);
    assert.deepEqual([interests.unknownItems, interests.medoids.length], [1, 0]);
  });

  it('recent lists distinct items, the newest first, disliked ones included', async () => {
    const actions = ['tea', 'nail', 'tea', 'mate'].map((itemId, i) =>
      action({ itemId, occurredAt: START + i }),
    );
    actions.push(action({ itemId: 'screw', type: 'hide', occurredAt: START + 9 }));
    assert.deepEqual((await derive(actions)).recent, ['screw', 'mate', 'tea', 'nail']);
    assert.deepEqual((await derive(actions, { recentMaximum: 2 })).recent, ['screw', 'mate']);
    assert.deepEqual((await derive(actions, { recentMaximum: 0 })).recent, []);
  });

  it('recent names every item of a full window, and of the longest ids as many as leave room in a message', async () => {
    const defaults = { windowMaximum: 5_000, recentMaximum: 5_000 };
    const views = (count: number, prefix: string) =>
      Array.from({ length: count }, (_, n) =>
        action({ itemId: `${prefix}${n}`, type: 'view', eventId: `v${n}`, occurredAt: START + n }),
      );
    const { recent } = await derive(views(400, 'item '), defaults);
    assert.equal(new Set(recent).size, 400);
    const long = await derive(views(5_000, 'é'.repeat(126)), defaults);
    const bytes = long.recent.reduce((sum, itemId) => sum + Buffer.byteLength(itemId), 0);
    assert.ok(
      long.recent.length > 1_000 && bytes <= 256 * 1_024,
      `${long.recent.length} ids, ${bytes} bytes`,
    );
    assert.equal(long.recent[0], `${'é'.repeat(126)}4999`);
  });

  it('a user has no medoids before a generation is served', async () => {
    const window = createWindow();
    applyActions(window, [{ action: action(), offset: 0, streamTime: START }], CONFIG);
    const at = { userId: 'u1', version: 0, generation: null, streamTime: START, receivedAt: START };
    const found = await new Clusterer(CONFIG).cluster(window, undefined, undefined, START);
    const interests = composeInterests(window, at, found, CONFIG);
    assert.deepEqual([interests.generation, interests.medoids, interests.recent], [null, [], ['tea']]);
  });
});
