import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takenItems } from './taken-items.ts';

describe('the items that a user took', () => {
  it('a window without dislikes is as it was', () => {
    const recent = ['tea', 'nail'];
    const taken = takenItems({ recent, types: ['buy'], recentTypes: [] });
    assert.equal(taken.recent, recent);
    assert.deepEqual([taken.recentTypes, taken.refused.size], [[], 0]);
  });

  it('items that were only hidden or returned are refused, and the others keep their types', () => {
    const user = {
      recent: ['tea', 'nail', 'mate', 'milk'],
      types: ['hide', 'view', 'return', 'of-tomorrow'],
      recentTypes: [0, 1, 2, 3],
    };
    const { recent, types, recentTypes, refused } = takenItems(user);
    assert.deepEqual(
      recent.map((itemId, place) => [itemId, types[recentTypes[place]!]]),
      [
        ['nail', 'view'],
        ['milk', 'of-tomorrow'],
      ],
    );
    assert.deepEqual([...refused], ['tea', 'mate']);
    assert.equal(takenItems({ ...user }).recent, recent);
  });

  it('a user who only hid items took none', () => {
    const { recent, refused } = takenItems({ recent: ['tea', 'nail'], types: ['hide'], recentTypes: [] });
    assert.deepEqual([recent, [...refused]], [[], ['tea', 'nail']]);
  });
});
