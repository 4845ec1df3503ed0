import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { norm } from '../vectors.ts';
import { transform } from './embed.testing.ts';
import { convolve, embedNew, head } from './embed.ts';
import { POOLINGS } from './pooling.ts';
import { decodeWeights, encodeWeights, initialWeights, weightArrays } from './weights.ts';

const shape = { features: 3, hidden: 16, layers: 2, dim: 5, pooling: 'importance', direct: 2 } as const;
const weights = initialWeights(shape, createRandom('weights'));
const features = Float32Array.of(0.3, -0.2, 0.9);

describe('CONVOLVE', () => {
  // Q = 2, q = −1; W = [1, 1; 0, 3] on [h; n], w = (0, 1). Of the neighbours 1, 0 and 3, the first two count: they
  // become ReLU(2·1 − 1) = 1 and ReLU(−1) = 0.
  const convolution = {
    pool: { kernel: { inputs: 1, outputs: 1, values: Float32Array.of(2) }, bias: Float32Array.of(-1) },
    combine: {
      kernel: { inputs: 2, outputs: 2, values: Float32Array.of(1, 0, 1, 3) },
      bias: Float32Array.of(0, 1),
    },
  };
  const pooled = { importance: 0.75, mean: 0.5, max: 1 };

  for (const pooling of POOLINGS) {
    it(`equals Algorithm 1 by hand with ${pooling} pooling`, () => {
      const shares = Float32Array.of(0.75, 0.25, 0);
      const latents = Float32Array.from(
        [1, 0, 3].flatMap((h) => [...transform(convolution, Float32Array.of(h))]),
      );
      const latent = convolve(convolution, Float32Array.of(2), latents, shares, pooling);
      const expected = [2 + pooled[pooling], 1 + 3 * pooled[pooling]];
      const length = Math.hypot(...expected);
      for (const [i, value] of expected.entries()) assert.ok(Math.abs(latent[i]! - value / length) < 1e-6);
    });
  }
});

describe('the head', () => {
  it('the head equals Algorithm 2 by hand, and adds G₂ of the direct features', () => {
    // G₁ = 2, g = −1; G₂ has a row (1, 0) for the hidden layer and (0, 3) for the one direct feature.
    const model = {
      ...weights,
      shape: { ...shape, hidden: 1, dim: 2, direct: 1 },
      headHidden: {
        kernel: { inputs: 1, outputs: 1, values: Float32Array.of(2) },
        bias: Float32Array.of(-1),
      },
      headOutput: { inputs: 2, outputs: 2, values: Float32Array.of(1, 0, 0, 3) },
    };
    const [a, b] = head(model, Float32Array.of(2.5), Float32Array.of(1, 7, 7));
    assert.ok(Math.abs(a! - 4 / 5) < 1e-6 && Math.abs(b! - 3 / 5) < 1e-6);
  });

  it('the head starts with each direct feature in the coordinate of its number', () => {
    const { headOutput } = weights;
    assert.deepEqual([...headOutput.values.subarray(16 * 5)], [2, 0, 0, 0, 0, 0, 2, 0, 0, 0]);
    const narrow = initialWeights({ ...shape, dim: 1, direct: 3 }, createRandom(1));
    assert.deepEqual([...narrow.headOutput.values.subarray(16)], [2, 0, 0]);
  });
});

/** Two neighbours. */
function someLatents(): Float32Array[] {
  const random = createRandom('latents');
  return [0, 1].map(() => Float32Array.from({ length: 2 * shape.hidden }, () => random.next()));
}

describe('embedding of a new item', () => {
  it('an embedding of a new item has length one and needs no neighbours', () => {
    const embedding = embedNew(weights, features);
    assert.equal(embedding.length, shape.dim);
    assert.ok(Math.abs(norm(embedding) - 1) < 1e-6);
  });

  it('an embedding depends on the shares of importance, not on their sum', () => {
    const latents = someLatents();
    const small = embedNew(weights, features, { importance: [1, 3], latents });
    const large = embedNew(weights, features, { importance: [10, 30], latents });
    assert.deepEqual(small, large);
    assert.notDeepEqual(small, embedNew(weights, features, { importance: [3, 1], latents }));
  });

  it('an embedding uses the pooling of the model', () => {
    const latents = someLatents();
    const neighbours = { importance: [1, 3], latents };
    const [importance, mean, max] = POOLINGS.map((pooling) =>
      embedNew({ ...weights, shape: { ...shape, pooling } }, features, neighbours),
    );
    assert.notDeepEqual(importance, mean);
    assert.notDeepEqual(mean, max);
  });

  it('features and latents of another width are rejected', () => {
    assert.throws(() => embedNew(weights, new Float32Array(2)), /2 features, the model 3/);
    const latents = [new Float32Array(16)];
    assert.throws(
      () => embedNew(weights, features, { importance: [1], latents }),
      /latents 1 have 0 numbers, not 16/,
    );
  });
});

describe('weights', () => {
  it('weights are decoded unchanged, at any offset of a buffer', () => {
    const bytes = encodeWeights(weights);
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    assert.deepEqual(decodeWeights(shifted.subarray(1)), weights);
  });

  it('weights keep their pooling, and formats without pooling or direct features still decode', () => {
    const max = initialWeights({ ...shape, pooling: 'max', direct: 0 }, createRandom('max'));
    const bytes = encodeWeights(max);
    assert.deepEqual(decodeWeights(bytes), max);
    const second = Uint8Array.of(2, ...bytes.subarray(1, 24), ...bytes.subarray(28));
    assert.deepEqual(decodeWeights(second), max);
    const first = Uint8Array.of(1, ...bytes.subarray(1, 20), ...bytes.subarray(28));
    assert.deepEqual(decodeWeights(first), { ...max, shape: { ...max.shape, pooling: 'importance' } });
  });

  it('weights are the same for the same seed and differ for another', () => {
    assert.deepEqual(initialWeights(shape, createRandom('weights')), weights);
    assert.notDeepEqual(weightArrays(initialWeights(shape, createRandom('other'))), weightArrays(weights));
  });

  it('truncated bytes, another version, and an impossible shape are rejected', () => {
    const bytes = encodeWeights(weights);
    assert.throws(() => decodeWeights(bytes.subarray(0, 8)), /8 bytes are too few/);
    assert.throws(() => decodeWeights(bytes.subarray(0, -4)), /weights have \d+ bytes, not/);
    assert.throws(() => decodeWeights(Uint8Array.of(9, ...bytes.subarray(1))), /format 9, not 3/);
    const unknown = Uint8Array.from(bytes).fill(7, 20, 21);
    assert.throws(() => decodeWeights(unknown), /name the unknown pooling 7/);
    assert.throws(() => initialWeights({ ...shape, dim: 0 }, createRandom(1)), /dim is 0/);
    assert.throws(
      () => initialWeights({ ...shape, direct: 4 }, createRandom(1)),
      /direct is 4, .* its 3 features/,
    );
  });
});
