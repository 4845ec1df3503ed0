import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CountedTakers } from '#algorithms/combiner/recent-takers.ts';
import { createRandom } from '#algorithms/random.ts';
import { anAction, logged } from '#contracts/domain/records.testing.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import { readProposeConfig } from './config.ts';
import { LiveTakers } from './live-takers.ts';

const HOUR = 3_600_000;
const NOW = Date.parse('2026-03-01T00:00:00Z');
const CONFIG = readProposeConfig({ TRIBUTARY_TRENDING_SEEN_MIB: '1' });

const action = (userId: string, itemId: string, change: Partial<UserAction> = {}): UserAction =>
  anAction({ userId, itemId, occurredAt: NOW, receivedAt: NOW, ...change });

/** Users and items by number, ascending by time. */
function someLog() {
  const random = createRandom('live takers');
  return Array.from({ length: 2_000 }, (_, i) => ({
    user: random.integer(30),
    item: random.integer(15),
    at: NOW - (2_000 - i) * HOUR,
  }));
}

describe('live takers', () => {
  it('the takers of the stage are those that the training of the combiner counts', () => {
    const log = someLog();
    const trained = new CountedTakers(
      {
        user: Int32Array.from(log, ({ user }) => user),
        item: Int32Array.from(log, ({ item }) => item),
        at: Float64Array.from(log, ({ at }) => at),
      },
      15,
    );
    const live = new LiveTakers(CONFIG);
    log.forEach(({ user, item, at }, position) => {
      trained.take(position);
      live.apply(logged(action(`u${user}`, `i${item}`, { occurredAt: at, receivedAt: at })));
    });
    for (let item = 0; item < 15; item++)
      live.countsOf(`i${item}`).forEach((count, place) => {
        assert.ok(Math.abs(count - trained.countsOf(item)[place]!) < 1e-9);
      });
  });

  it('takers are the same after a rebuild, in whatever order the partitions are read', () => {
    const log = someLog();
    const read = (order: readonly number[]) => {
      const live = new LiveTakers(CONFIG, 2);
      for (const partition of order)
        for (const { user, item, at } of log)
          if (user % 2 === partition)
            live.apply(logged(action(`u${user}`, `i${item}`, { occurredAt: at, receivedAt: at })), partition);
      return Array.from({ length: 15 }, (_, item) => live.countsOf(`i${item}`)).flat();
    };
    const [one, other] = [read([0, 1]), read([1, 0])];
    one.forEach((count, place) => {
      assert.ok(Math.abs(count - other[place]!) < 1e-9);
    });
  });

  it('a user counts once for an item of several types, and neither dislike nor a time from the future counts', () => {
    const live = new LiveTakers(CONFIG);
    for (const one of [
      action('u1', 'tea'),
      action('u1', 'tea', { type: 'view' }),
      action('u1', 'odd', { type: 'hide' }),
      action('u1', 'bad', { occurredAt: NOW + 365 * 24 * HOUR }),
    ])
      live.apply(logged(one));
    for (const count of live.countsOf('tea')) assert.ok(Math.abs(count - 1) < 1e-9);
    for (const itemId of ['odd', 'bad', 'unknown']) assert.deepEqual(live.countsOf(itemId), [0, 0, 0, 0]);
  });
});
