import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as tf from '@tensorflow/tfjs-node';
import fc from 'fast-check';
import { encodeWeights } from '#algorithms/pinsage/weights.ts';
import { createRandom } from '#algorithms/random.ts';
import { row } from '#algorithms/vectors.ts';
import { cutIntoParts } from '#artefacts/artefact.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import { inferHere } from '../training/infer.ts';
import { type RandomCatalogue, randomCatalogue } from './catalogue.testing.ts';
import { Share } from './share.ts';

/** Embeds with a share and a queue for each partition; some messages are delivered twice. */
async function inferInShares(catalogue: RandomCatalogue, partitions: number): Promise<Float32Array> {
  const { itemIds, weights, features, neighbourhoods } = catalogue;
  const { size } = neighbourhoods;
  const random = createRandom('repeats');
  const embeddings = new Float32Array(itemIds.length * weights.shape.dim);
  const queues: Latent[][] = Array.from({ length: partitions }, () => []);
  const send = async (partition: number, message: Latent) => {
    queues[partition]!.push(message);
    if (random.next() < 0.2) queues[partition]!.push(message);
  };
  const shares = queues.map((_, partition) => new Share('g', partition, send));
  const everywhere = [...shares.keys()];
  for (const [item, itemId] of itemIds.entries()) {
    const entries = neighbourhoods.neighbours.subarray(item * size, (item + 1) * size);
    const neighbours = [...entries].filter((neighbour) => neighbour >= 0);
    shares[item % partitions]!.addInput(
      { itemIds: [itemId], vectors: encodeVector(row(features, item, weights.shape.features)) },
      {
        neighbours: neighbours.map((neighbour) => itemIds[neighbour]!),
        importances: encodeVector(row(neighbourhoods.weights, item, size).slice(0, neighbours.length)),
        readers: everywhere,
      },
    );
  }
  const parts = cutIntoParts(Buffer.from(encodeWeights(weights)), 1_000);
  for (const [partition, share] of shares.entries()) {
    const itemCount = itemIds.filter((_, item) => item % partitions === partition).length;
    for (const [number, bytes] of [...parts.entries(), ...parts.entries()])
      share.addWeights({ number, bytes });
    share.start({ itemCount, weightParts: parts.length });
  }
  do {
    for (const share of shares) await share.advance();
    for (const [partition, queue] of queues.entries()) {
      for (const message of queue.splice(0)) {
        if (message.kind === 'latent') shares[partition]!.addLatents(message);
        else setRows(embeddings, message, itemIds, weights.shape.dim);
      }
    }
    for (const share of shares) await share.advance();
  } while (queues.some((queue) => queue.length > 0));
  for (const share of shares) share.close();
  return embeddings;
}

function setRows(
  embeddings: Float32Array,
  { itemIds, vectors }: Latent,
  all: readonly string[],
  dim: number,
): void {
  const rows = decodeVector(vectors, itemIds.length * dim);
  for (const [place, itemId] of itemIds.entries()) {
    embeddings.set(row(rows, place, dim), all.indexOf(itemId) * dim);
  }
}

describe('a share of the inference', () => {
  it('all shares together return the vectors of the whole catalogue, whatever the model, and leave no tensor', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        fc.record({
          layers: fc.integer({ min: 1, max: 3 }),
          pooling: fc.constantFrom('importance', 'mean', 'max'),
          direct: fc.constantFrom(0, 1, 4, 12),
        }),
        async (itemCount, partitions, shape) => {
          const before = tf.memory().numTensors;
          const catalogue = randomCatalogue(itemCount, shape);
          const embeddings = await inferInShares(catalogue, partitions);
          const { embeddings: expected } = await inferHere(catalogue);
          for (const [i, value] of expected.entries()) assert.ok(Math.abs(value - embeddings[i]!) < 1e-5);
          assert.equal(tf.memory().numTensors, before);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('a share rejects a start before all its items are there', () => {
    const share = new Share('g', 2, async () => {});
    assert.throws(() => share.start({ itemCount: 1, weightParts: 0 }), {
      message: 'partition 2 holds 0 of 1 items of generation g',
    });
  });

  it('a share rejects a start before all parts of the weights are there', () => {
    const share = new Share('g', 2, async () => {});
    share.addWeights({ number: 1, bytes: Buffer.alloc(4) });
    assert.throws(() => share.start({ itemCount: 0, weightParts: 2 }), {
      message: 'partition 2 holds 1 of 2 parts of the weights of generation g',
    });
  });

  it('a share rejects features of another width than that of the model', () => {
    const share = new Share('g', 0, async () => {});
    const { weights } = randomCatalogue(2);
    const nobody = { neighbours: [], importances: Buffer.alloc(0), readers: [0] };
    share.addInput({ itemIds: ['tea'], vectors: encodeVector(Float32Array.of(1, 2)) }, nobody);
    share.addWeights({ number: 0, bytes: Buffer.from(encodeWeights(weights)) });
    assert.throws(() => share.start({ itemCount: 1, weightParts: 1 }), {
      message: 'An item has 2 features, the model 12',
    });
  });
});
