import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DecodedPools } from './decoded-pools.ts';
import { held, someItem } from './proposals.testing.ts';

const poolOf = (items: number) => [
  held(1, { items: Array.from({ length: items }, (_, index) => someItem(`item ${index}`, index)) }),
];

test('the least recently used pools leave the memory when there are too many candidates', () => {
  const pools = new DecodedPools(10);
  pools.put('ann', 'a', poolOf(4));
  pools.put('bob', 'b', poolOf(4));
  assert.equal(pools.get('ann')?.stamp, 'a');
  pools.put('cid', 'c', poolOf(3));
  assert.equal(pools.get('bob'), undefined);
  assert.equal(pools.get('ann')?.stamp, 'a');
  assert.equal(pools.candidates, 7);
});

test('a pool is kept with its newest stamp, and without a stamp not at all', () => {
  const pools = new DecodedPools(10);
  pools.put('ann', 'a', poolOf(4));
  pools.put('ann', 'b', poolOf(2));
  assert.equal(pools.get('ann')?.stamp, 'b');
  assert.equal(pools.candidates, 2);
  pools.put('ann', undefined, poolOf(2));
  assert.equal(pools.get('ann'), undefined);
  assert.equal(pools.candidates, 0);
});

test('a pool that exceeds the memory alone is not kept', () => {
  const pools = new DecodedPools(3);
  pools.put('ann', 'a', poolOf(4));
  assert.equal(pools.get('ann'), undefined);
  assert.equal(pools.candidates, 0);
});
