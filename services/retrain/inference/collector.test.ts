import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Latent } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { Collector } from './collector.ts';

const SHAPE = { dim: 2, hidden: 1, layers: 2 };

function collectorOf(...itemIds: string[]): Collector {
  return new Collector({ generation: 'g', itemIds, shape: SHAPE, patienceMs: 60_000 });
}

function message(kind: Latent['kind'], itemIds: string[], numbers: number[], layer = 0): Latent {
  const nothing = { input: null, start: null, part: null };
  return {
    generation: 'g',
    kind,
    itemIds,
    layer,
    vectors: encodeVector(Float32Array.from(numbers)),
    ...nothing,
  };
}

async function isComplete(collector: Collector): Promise<boolean> {
  return Promise.race([collector.whenComplete().then(() => true), setImmediate(false)]);
}

describe('the collector of an inference', () => {
  it('is complete once the embeddings and the latents of all convolutions are there, whether copies arrive or not', async () => {
    const collector = collectorOf('tea', 'nail');
    try {
      const messages = [
        message('latent', ['nail', 'tea'], [4, 3]),
        message('latent', ['tea'], [5], 1),
        message('embedding', ['tea', 'nail'], [1, 0, 0, 1]),
        message('latent', ['nail'], [6], 1),
      ];
      for (const one of messages) {
        assert.equal(await isComplete(collector), false);
        collector.add(one);
        collector.add(one);
      }
      assert.equal(await isComplete(collector), true);
      assert.deepEqual(collector.embeddings, Float32Array.of(1, 0, 0, 1));
      assert.deepEqual(collector.latents, [Float32Array.of(3, 4), Float32Array.of(5, 6)]);
    } finally {
      collector.close();
    }
  });

  it('skips other generations, items, layers and kinds', async () => {
    const collector = collectorOf('tea');
    try {
      collector.add({ ...message('embedding', ['tea'], [9, 9]), generation: 'f' });
      collector.add(message('embedding', ['nail'], [9, 9]));
      collector.add(message('latent', ['tea'], [9], 2));
      collector.add(message('input', ['tea'], [9]));
      assert.deepEqual(collector.embeddings, Float32Array.of(0, 0));
      assert.deepEqual(collector.latents, [Float32Array.of(0), Float32Array.of(0)]);
      assert.equal(await isComplete(collector), false);
    } finally {
      collector.close();
    }
  });

  it('is complete at once without items', async () => {
    const collector = collectorOf();
    assert.equal(await isComplete(collector), true);
    collector.close();
  });
});
