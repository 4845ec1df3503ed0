import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { ItemEmbedding } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { IndexVectors } from './index-vectors.ts';

interface Rig {
  readonly vectors: IndexVectors;
  /** Item ids of each request. */
  readonly asked: string[][];
  readonly flips: string[];
  readonly waits: string[];
  gained: number;
  /** Errors of the next requests to the index, one each; later requests are answered. */
  readonly faults: TributaryError[];
  readonly known: Map<string, Float32Array>;
}

function createRig(maximum = 100): Rig {
  const known = new Map([
    ['tea', Float32Array.of(1, 0)],
    ['nail', Float32Array.of(0, 1)],
  ]);
  const rig = { asked: [], flips: [], waits: [], faults: [], gained: 0, known } as Omit<Rig, 'vectors'>;
  const vectors = new IndexVectors({
    index: {
      async vectors(_generation, itemIds) {
        rig.asked.push([...itemIds]);
        const fault = rig.faults.shift();
        if (fault !== undefined) throw fault;
        const found = itemIds.flatMap((itemId) => {
          const vector = known.get(itemId);
          return vector === undefined ? [] : [[itemId, encodeVector(vector).toString('base64')]];
        });
        return Object.fromEntries(found) as Record<string, string>;
      },
    },
    maximum,
    signal: new AbortController().signal,
    onFlip: (generation) => void rig.flips.push(generation),
    onVector: () => {
      rig.gained += 1;
    },
    onWait: (reason) => void rig.waits.push(reason),
  });
  return Object.assign(rig, { vectors });
}

function activate({ vectors }: Rig, generation: string): void {
  vectors.applyRelease(generation, aRelease({ generation, itemCount: 2, alpha: 1.5 }));
}

function serving(maximum?: number): Rig {
  const rig = createRig(maximum);
  rig.vectors.markCaughtUp();
  activate(rig, 'g1');
  return rig;
}

const embedding = (itemId: string, origin: ItemEmbedding['origin']): ItemEmbedding =>
  anEmbedding({ itemId, origin }, [1, 1]);

async function lookUp({ vectors }: Rig, ...itemIds: string[]): Promise<(number[] | undefined)[]> {
  const vectorOf = await vectors.served?.vectorsOf(itemIds);
  return itemIds.map((itemId) => {
    const vector = vectorOf?.(itemId);
    return vector && [...vector];
  });
}

describe('vectors asked of the index', () => {
  it('each vector is requested once, and so is each item that has none', async () => {
    const rig = serving();
    assert.deepEqual(await lookUp(rig, 'tea', 'new'), [[1, 0], undefined]);
    assert.deepEqual(await lookUp(rig, 'tea', 'new', 'nail'), [[1, 0], undefined, [0, 1]]);
    assert.deepEqual(rig.asked, [['tea', 'new'], ['nail']]);
  });

  it('a lookup returns all vectors, even if the cache has room for fewer', async () => {
    const rig = serving(1);
    assert.deepEqual(await lookUp(rig, 'tea', 'nail'), [
      [1, 0],
      [0, 1],
    ]);
    assert.deepEqual(await lookUp(rig, 'nail', 'tea'), [
      [0, 1],
      [1, 0],
    ]);
    assert.deepEqual(rig.asked, [['tea', 'nail'], ['tea']]);
  });

  it('the active generation is served once the releases were read to their end', () => {
    const rig = createRig();
    activate(rig, 'g1');
    assert.deepEqual(rig.flips, [], 'the middle of the log describes the past');
    rig.vectors.markCaughtUp();
    activate(rig, 'g2');
    assert.deepEqual(rig.flips, ['g1', 'g2']);
    assert.deepEqual([rig.vectors.served?.generation, rig.vectors.served?.alpha], ['g2', 1.5]);
  });

  it('vectors are requested again after a flip', async () => {
    const rig = serving();
    await lookUp(rig, 'tea');
    activate(rig, 'g2');
    await lookUp(rig, 'tea');
    assert.equal(rig.asked.length, 2);
  });

  it('the new vector of an item is reported and requested', async () => {
    const rig = serving();
    const { served } = rig.vectors;
    await lookUp(rig, 'new');
    rig.known.set('new', Float32Array.of(1, 1));
    rig.vectors.applyEmbedding('g1/new', embedding('new', 'inductive'));
    assert.equal(rig.gained, 1);
    assert.equal(rig.vectors.served, served, 'clusterings in this space stay valid');
    assert.deepEqual(await lookUp(rig, 'new'), [[1, 1]]);
  });

  it('a replaced or withdrawn vector makes a new space, so that windows are clustered again', () => {
    const rig = serving();
    const first = rig.vectors.served;
    rig.vectors.applyEmbedding('g1/tea', embedding('tea', 'trained'));
    const second = rig.vectors.served;
    rig.vectors.applyEmbedding('g1/tea', null);
    assert.equal(new Set([first, second, rig.vectors.served]).size, 3);
    rig.vectors.applyEmbedding('g0/tea', null);
    assert.equal(rig.gained, 1, 'other generations do not matter');
  });

  it('a lookup waits while the index is down, and finds nothing when the index has dropped the generation', async () => {
    const rig = serving();
    rig.faults.push(new TributaryError('peer.unavailable', 'index does not answer', { retryable: true }));
    assert.deepEqual(await lookUp(rig, 'tea'), [[1, 0]]);
    assert.deepEqual(rig.waits, ['index does not answer']);
    rig.faults.push(new TributaryError('generation.unknown', 'g1 is not held'));
    assert.deepEqual(await lookUp(rig, 'nail'), [undefined]);
    assert.deepEqual(await lookUp(rig, 'nail'), [[0, 1]], 'which is not remembered');
    rig.faults.push(new TributaryError('field.invalid', 'too many'));
    await assert.rejects(lookUp(rig, 'other'), { code: 'field.invalid' });
  });
});
