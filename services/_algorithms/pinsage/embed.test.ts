import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { norm } from '../vectors.ts';
import { convolve, embedNew } from './embed.ts';
import { decodeWeights, encodeWeights, initialWeights, weightArrays } from './weights.ts';

const shape = { features: 3, hidden: 16, layers: 2, dim: 5 };
const weights = initialWeights(shape, createRandom('weights'));
const features = Float32Array.of(0.3, -0.2, 0.9);

describe('CONVOLVE', () => {
  it('equals Algorithm 1 by hand', () => {
    // Q = 2, q = −1; W = [1, 1; 0, 3] on [h; n], w = (0, 1).
    const convolution = {
      pool: { kernel: { inputs: 1, outputs: 1, values: Float32Array.of(2) }, bias: Float32Array.of(-1) },
      combine: {
        kernel: { inputs: 2, outputs: 2, values: Float32Array.of(1, 0, 1, 3) },
        bias: Float32Array.of(0, 1),
      },
    };
    // Neighbours 1 and 0 become ReLU(2·1 − 1) = 1 and ReLU(−1) = 0, so n = 0.75 and z = (2.75, 3.25) before scaling.
    const latent = convolve(convolution, Float32Array.of(2), Float32Array.of(1, 0), [0.75, 0.25]);
    const length = Math.hypot(2.75, 3.25);
    assert.ok(Math.abs(latent[0]! - 2.75 / length) < 1e-6);
    assert.ok(Math.abs(latent[1]! - 3.25 / length) < 1e-6);
  });
});

describe('embedding of a new item', () => {
  it('has length one and needs no neighbours', () => {
    const embedding = embedNew(weights, features);
    assert.equal(embedding.length, shape.dim);
    assert.ok(Math.abs(norm(embedding) - 1) < 1e-6);
  });

  it('depends on the shares of importance, not on their sum', () => {
    const random = createRandom('states');
    const states = [3, 16].map((width) => Float32Array.from({ length: 2 * width }, () => random.next()));
    const small = embedNew(weights, features, { importance: [1, 3], states });
    const large = embedNew(weights, features, { importance: [10, 30], states });
    assert.deepEqual(small, large);
    assert.notDeepEqual(small, embedNew(weights, features, { importance: [3, 1], states }));
  });

  it('refuses features and neighbour states of another width', () => {
    assert.throws(() => embedNew(weights, new Float32Array(2)), /2 features, the model 3/);
    const states = [new Float32Array(3)];
    assert.throws(
      () => embedNew(weights, features, { importance: [1], states }),
      /states 1 have 0 numbers, not 16/,
    );
  });
});

describe('weights', () => {
  it('return from their bytes unchanged, at any offset of a buffer', () => {
    const bytes = encodeWeights(weights);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assert.deepEqual(decodeWeights(shifted.subarray(1)), weights);
  });

  it('are the same for the same seed and differ for another', () => {
    assert.deepEqual(initialWeights(shape, createRandom('weights')), weights);
    assert.notDeepEqual(weightArrays(initialWeights(shape, createRandom('other'))), weightArrays(weights));
  });

  it('are refused when cut short, of another version, or of an impossible shape', () => {
    const bytes = encodeWeights(weights);
    assert.throws(() => decodeWeights(bytes.subarray(0, 8)), /8 bytes are too few/);
    assert.throws(() => decodeWeights(bytes.subarray(0, -4)), /weights have \d+ bytes, not/);
    assert.throws(() => decodeWeights(Uint8Array.of(9, ...bytes.subarray(1))), /format 9, not 1/);
    assert.throws(() => initialWeights({ ...shape, dim: 0 }, createRandom(1)), /dim is 0/);
  });
});
