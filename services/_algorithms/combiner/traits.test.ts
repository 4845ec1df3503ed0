import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { groupsOf } from './item-groups.ts';
import { groupShares, itemTraits, TRAITS } from './traits.ts';

const DAY = 86_400_000;

describe('groups of items', () => {
  it('items of one path are in one group on each level, and an item without a category is in none', () => {
    const { levels, of } = groupsOf([['food', 'dairy'], ['food', 'bread'], ['food', 'dairy'], []]);
    assert.equal(levels, 2);
    const [milk, bread, cheese, unknown] = [0, 1, 2, 3].map((item) => [
      ...of.subarray(2 * item, 2 * item + 2),
    ]);
    assert.deepEqual(milk, cheese);
    assert.equal(milk![0], bread![0]);
    assert.notEqual(milk![1], bread![1]);
    assert.deepEqual(unknown, [-1, -1]);
  });

  it('a shorter path is a group of its own on the narrower levels, and levels beyond the third are not told apart', () => {
    const { levels, of } = groupsOf([['a'], ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'e']]);
    assert.equal(levels, 3);
    assert.equal(of[5], of[8]);
    assert.ok(of[2]! >= 0 && of[2] !== of[5]);
    assert.deepEqual(groupsOf([[], []]), { levels: 0, of: new Int32Array(0) });
  });

  it('the share of a group is its part of all pairs of user and item', () => {
    const groups = groupsOf([['a'], ['b'], ['a'], []]);
    assert.deepEqual([...groupShares([1, 2, 4, 1], groups)], [0.625, 0.25, 0.625, 0]);
    assert.deepEqual([...groupShares([0, 0, 0, 0], groups)], [0, 0, 0, 0]);
  });
});

describe('traits of items', () => {
  // Users 0 and 1 take item 0, user 0 twice; user 1 takes item 1 at the end; nobody takes item 2.
  const actions = {
    user: Int32Array.of(0, 0, 1, 1),
    item: Int32Array.of(0, 0, 0, 1),
    at: Float64Array.of(0, 60 * DAY, 60 * DAY, 120 * DAY),
  };
  const traits = itemTraits(actions, 3, groupsOf([['a'], ['a'], ['b']]));
  const trait = (item: number, name: (typeof TRAITS)[number]) =>
    traits[item * TRAITS.length + TRAITS.indexOf(name)]!;
  const near = (actual: number, expected: number) =>
    assert.ok(Math.abs(actual - expected) < 1e-6, `${actual}`);

  it('each user counts once among the takers of an item, by the last time', () => {
    near(trait(0, 'takers'), Math.log(2));
    near(trait(0, 'takers of the season'), Math.log(2 * 0.5 + 0.1));
    near(trait(0, 'actions a taker'), Math.log(1.5));
    near(trait(1, 'takers'), 0);
    near(trait(1, 'takers of the season'), Math.log(1.1));
  });

  it('an item grows if its takers are recent, and is as old as its first action', () => {
    assert.ok(trait(1, 'growth over days') > trait(0, 'growth over days'));
    near(trait(0, 'age'), Math.log1p(120));
    near(trait(1, 'age'), 0);
    near(trait(1, 'share of the narrowest group'), Math.log(1 / 3));
  });

  it('an item that nobody took has zeros, and no number is not finite', () => {
    assert.ok(traits.every(Number.isFinite));
    assert.ok(traits.subarray(2 * TRAITS.length).every((one) => one === 0));
    assert.ok(itemTraits(actions, 3, { levels: 0, of: new Int32Array(0) }).every(Number.isFinite));
  });
});
