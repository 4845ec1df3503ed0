import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Latent } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { Latents } from './latents.ts';

const bytes = (...numbers: number[]) => encodeVector(Float32Array.from(numbers));

describe('the latents of the log', () => {
  let latents: Latents;
  let warnings: number;
  let offsets: number[];

  beforeEach(() => {
    warnings = 0;
    offsets = [0, 0];
    latents = new Latents({ warn: () => void warnings++ });
  });

  function take(
    partition: 0 | 1,
    generation: string,
    kind: Latent['kind'],
    change: Partial<Latent> = {},
  ): void {
    const offset = offsets[partition]!++;
    const message = { itemIds: [], layer: 0, vectors: Buffer.alloc(0), input: null, start: null };
    latents.take({ partition, offset, value: { generation, kind, ...message, ...change } });
  }

  const start = { itemCount: 1, structure: 2, weights: Buffer.alloc(0) };

  it('are there once those of all convolutions are, copies or not', () => {
    take(0, 'g', 'latent', { itemIds: ['tea'], layer: 1, vectors: bytes(3, 4) });
    assert.equal(latents.of('g', 'tea', 2), undefined);
    take(0, 'g', 'latent', { itemIds: ['nail', 'tea'], layer: 0, vectors: bytes(5, 6, 1, 2) });
    take(1, 'g', 'latent', { itemIds: ['tea'], layer: 0, vectors: bytes(1, 2) });
    assert.deepEqual(latents.of('g', 'tea', 2), [Float32Array.of(1, 2), Float32Array.of(3, 4)]);
    assert.equal(latents.of('g', 'tea', 3), undefined);
    assert.equal(latents.of('other', 'tea', 2), undefined);
    assert.equal(latents.of('g', 'nail', 2), undefined);
  });

  it('come with the place and the neighbourhood of what was trained', () => {
    const input = { neighbours: ['nail', 'rope'], importances: bytes(0.75, 0.25), readers: [0] };
    take(0, 'g', 'input', { itemIds: ['tea'], vectors: bytes(1, 2, 3, 4), input });
    take(0, 'g', 'start', { start });
    assert.deepEqual(latents.trained('g', 'tea'), {
      place: Float32Array.of(1, 2),
      itemIds: ['nail', 'rope'],
      importance: Float32Array.of(0.75, 0.25),
    });
    assert.equal(latents.trained('g', 'nail'), undefined);
  });

  it('are passed over where they cannot be read', () => {
    const notANumber = Buffer.alloc(4);
    notANumber.writeFloatLE(Number.NaN);
    take(0, 'g', 'latent', { itemIds: ['tea'], vectors: notANumber });
    assert.equal(warnings, 1);
    assert.equal(latents.of('g', 'tea', 1), undefined);
  });

  it('may be deleted up to the oldest generation that is not over', () => {
    for (const generation of ['g1', 'g2', 'g3']) {
      take(0, generation, 'start', { start });
      take(0, generation, 'latent', { itemIds: ['tea'], vectors: bytes(1) });
    }
    take(1, 'g2', 'start', { start });
    assert.deepEqual(
      latents.trim(['g2']),
      [{ partition: 1, offset: 1 }],
      'g1 stands before it in partition 0',
    );
    assert.equal(latents.of('g2', 'tea', 1), undefined);
    assert.deepEqual(latents.trim(['g1']), [{ partition: 0, offset: 4 }]);
    assert.deepEqual(latents.trim(['g1', 'g2', 'unknown']), [], 'once');
    assert.notEqual(latents.of('g3', 'tea', 1), undefined);
    assert.deepEqual(latents.trim(['g3']), [{ partition: 0, offset: 6 }]);
  });
});
