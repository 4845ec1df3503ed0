import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { runSteps } from '../steps.ts';
import { groupsOf } from './item-groups.ts';
import { CountedTakers, RecentTakers } from './recent-takers.ts';
import { itemTraits, TAKER_HALF_LIVES, TRAITS, traitsWithRecent } from './traits.ts';

const HOUR = 3_600_000;
const ITEMS = 12;

function someActions(count: number) {
  const random = createRandom('takers');
  return {
    user: Int32Array.from({ length: count }, () => random.integer(20)),
    item: Int32Array.from({ length: count }, () => random.integer(ITEMS - 1)),
    at: Float64Array.from({ length: count }, (_, i) => (1 + Math.floor(i / 3)) * HOUR),
  };
}

describe('recent takers', () => {
  it('takers that are kept action by action give the traits of a training at each time', () => {
    const actions = someActions(900);
    const groups = groupsOf(Array.from({ length: ITEMS }, (_, item) => [`${item % 3}`]));
    const upTo = (count: number) => ({
      user: actions.user.subarray(0, count),
      item: actions.item.subarray(0, count),
      at: actions.at.subarray(0, count),
    });
    const early = itemTraits(upTo(300), ITEMS, groups);
    const takers = new CountedTakers(actions, ITEMS);
    for (let position = 0; position < actions.at.length; position++) {
      takers.take(position);
      if (position + 1 < 300 || (position + 1) % 100 !== 0) continue;
      const live = runSteps(traitsWithRecent(early, (item) => takers.countsOf(item)));
      const trained = itemTraits(upTo(position + 1), ITEMS, groups);
      for (let item = 0; item < ITEMS; item++) {
        for (let column = 1; column <= TAKER_HALF_LIVES.length; column++) {
          const at = item * TRAITS.length + column;
          assert.ok(Math.abs(live[at]! - trained[at]!) < 1e-5, `${TRAITS[column]} of ${item}`);
        }
      }
    }
  });

  it('a user counts once for an item, by the last time, in whatever order the actions come', () => {
    const actions = someActions(400);
    const forwards = new CountedTakers(actions, ITEMS);
    const backwards = new CountedTakers(actions, ITEMS);
    for (let position = 0; position < 400; position++) {
      forwards.take(position);
      forwards.take(position);
      backwards.take(399 - position);
    }
    for (let item = 0; item < ITEMS; item++)
      forwards.countsOf(item).forEach((count, place) => {
        assert.ok(Math.abs(count - backwards.countsOf(item)[place]!) < 1e-9);
        assert.ok(count <= 20);
      });
  });

  it('an item that nobody took has no takers, and its traits stay zeros', () => {
    assert.deepEqual(new RecentTakers().countsOf('tea'), [0, 0, 0, 0]);
    const renewed = runSteps(traitsWithRecent(new Float32Array(TRAITS.length), () => [1, 1, 1, 1]));
    assert.deepEqual([...renewed], Array(TRAITS.length).fill(0));
  });
});
