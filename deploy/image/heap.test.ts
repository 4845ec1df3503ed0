import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { heapWithin } from './heap.ts';

const MIB = 2 ** 20;

describe('heapWithin', () => {
  it('a process that is not limited gets the heap that its stage wants', () => {
    assert.equal(heapWithin(512, undefined), 512);
    assert.equal(heapWithin(512, 2 ** 64), 512);
  });

  it('the heap leaves room in the memory of the container', () => {
    assert.equal(heapWithin(512, 384 * MIB), 230);
    assert.equal(heapWithin(2_048, 6_144 * MIB), 2_048);
  });

  it('the heap is never too small to start', () => {
    assert.equal(heapWithin(512, 32 * MIB), 64);
  });
});
