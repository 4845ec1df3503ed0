import assert from 'node:assert/strict';
import { it } from 'node:test';
import { shared } from './shared.ts';

it('shared() copies all values, and moves typed arrays into shared memory', () => {
  const value = {
    name: 'graph',
    missing: undefined,
    inner: [{ targets: Int32Array.of(1, 2).subarray(1), offsets: Uint32Array.of(3) }],
    weights: Float32Array.of(0.5),
    cumulative: new Float64Array(),
  };
  const copy = shared(value);
  assert.deepEqual(copy, value);
  for (const array of [copy.inner[0]!.targets, copy.inner[0]!.offsets, copy.weights, copy.cumulative]) {
    assert.ok((array.buffer as ArrayBufferLike) instanceof SharedArrayBuffer);
  }
});
