import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { agedWeights, ForwardDecay } from './ageing.ts';

const HALF_LIFE = 1_000;

describe('forward decay', () => {
  it('weights keep the ratio of decayed weights, whatever happens between', () => {
    const times = fc.array(fc.integer({ min: 0, max: 70 * HALF_LIFE }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(times, (at) => {
        const decay = new ForwardDecay(HALF_LIFE);
        let weights: number[] = [];
        for (const time of at) {
          const factor = decay.advance(time);
          weights = weights.map((weight) => weight * factor);
          weights.push(decay.weightAt(time));
        }
        const newest = Math.max(...at);
        const now = decay.weightAt(newest);
        const aged = agedWeights(new Float32Array(at.length).fill(1), Float64Array.from(at), HALF_LIFE);
        for (const [i, time] of at.entries()) {
          const expected = 0.5 ** ((newest - time) / HALF_LIFE);
          assert.ok(Math.abs(weights[i]! / now / expected - 1) < 1e-9);
          assert.ok(Math.abs(aged[i]! / expected - 1) < 1e-6);
          assert.ok(weights[i]! > 0 && weights[i]! < 2 ** 32);
        }
      }),
    );
  });

  it('weights are multiplied by exact powers of two', () => {
    const decay = new ForwardDecay(HALF_LIFE);
    assert.equal(decay.advance(5 * HALF_LIFE), 1);
    assert.equal(decay.advance(31 * HALF_LIFE), 1);
    assert.equal(decay.advance(32 * HALF_LIFE), 2 ** -32);
    assert.equal(decay.advance(0), 1, 'an event out of order');
  });

  it('an infinite half-life changes nothing, and the oldest weights stay above zero', () => {
    const decay = new ForwardDecay(Number.POSITIVE_INFINITY);
    assert.deepEqual([decay.advance(1e12), decay.weightAt(1e12), decay.weightAt(5)], [1, 1, 1]);
    const [old, young] = agedWeights(Float32Array.of(1, 1), Float64Array.of(0, 1e9), HALF_LIFE);
    assert.ok(old! > 0);
    assert.equal(young, 1);
  });
});
