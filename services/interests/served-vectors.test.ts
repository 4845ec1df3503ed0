import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { ItemEmbedding, Release, ReleaseState } from '#contracts/generated/records.ts';
import { ServedGenerations, type ServedVectors } from './served-vectors.ts';

const ALPHA: Readonly<Record<string, number>> = { g1: 1.5, g2: 1.2, g3: 0.9 };

interface Rig {
  readonly generations: ServedGenerations;
  readonly flips: string[];
  readonly invalid: string[];
  vectors: number;
}

function createRig({ caughtUp = true } = {}): Rig {
  const rig = { flips: [] as string[], invalid: [] as string[], vectors: 0 };
  const generations = new ServedGenerations({
    onFlip: (generation) => void rig.flips.push(generation),
    onVector: () => void rig.vectors++,
    onInvalid: (itemId) => void rig.invalid.push(itemId),
  });
  if (caughtUp) generations.takeCaughtUp();
  return Object.assign(rig, { generations });
}

function release(generation: string, state: ReleaseState, itemCount = 2): Release {
  return aRelease({ generation, state, itemCount, alpha: ALPHA[generation] ?? 1 });
}

function give(
  { generations }: Rig,
  generation: string,
  itemIds: readonly string[],
  origin: ItemEmbedding['origin'] = 'trained',
): void {
  for (const itemId of itemIds) {
    const embedding = anEmbedding({ generation, itemId, origin }, [
      Number(generation.slice(1)),
      itemId.length,
    ]);
    generations.takeEmbedding(embeddingKey(embedding), embedding);
  }
}

async function vectorIn(
  served: ServedVectors | undefined,
  itemId: string,
): Promise<Float32Array | undefined> {
  const vectorOf = await served?.vectorsOf([itemId]);
  return vectorOf?.(itemId);
}

const say = ({ generations }: Rig, generation: string, state: ReleaseState): void =>
  generations.takeRelease(generation, release(generation, state));

function publish(rig: Rig, generation: string): void {
  say(rig, generation, 'building');
  give(rig, generation, ['tea', 'nail']);
  say(rig, generation, 'active');
}

describe('the served generation', () => {
  it('is none before one is active and complete', () => {
    const rig = createRig();
    say(rig, 'g1', 'building');
    give(rig, 'g1', ['tea']);
    say(rig, 'g1', 'active');
    give(rig, 'g1', ['tea']);
    give(rig, 'g1', ['new'], 'inductive');
    assert.deepEqual(rig.flips, [], 'repeats and inductive vectors do not complete it');
    give(rig, 'g1', ['nail']);
    assert.deepEqual(rig.flips, ['g1']);
    assert.equal(rig.generations.served?.generation, 'g1');
  });

  it('flips with its α and its vectors, all at once', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    const before = rig.generations.served;
    say(rig, 'g2', 'active');
    give(rig, 'g2', ['tea']);
    assert.equal(rig.generations.served, before, 'half of it is there');
    give(rig, 'g2', ['nail']);
    const { served } = rig.generations;
    assert.deepEqual([served?.generation, served?.alpha], ['g2', 1.2]);
    assert.deepEqual(await vectorIn(served, 'tea'), Float32Array.of(2, 3));
    assert.deepEqual(
      await vectorIn(before, 'tea'),
      Float32Array.of(1, 3),
      'who still clusters in the old one may',
    );
  });

  it('is that of the release declared active last, a roll-back too', () => {
    const rig = createRig();
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.equal(rig.generations.served?.generation, 'g2');
    say(rig, 'g1', 'active');
    say(rig, 'g2', 'retired');
    assert.deepEqual(rig.flips, ['g1', 'g2', 'g1']);
  });

  it('is decided at the end of the log, not in its middle', () => {
    const rig = createRig({ caughtUp: false });
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.equal(rig.generations.served, undefined);
    rig.generations.takeCaughtUp();
    assert.deepEqual(rig.flips, ['g2']);
  });

  it('was complete before a restart, though items were withdrawn from it since', () => {
    const rig = createRig({ caughtUp: false });
    give(rig, 'g1', ['tea']);
    say(rig, 'g1', 'active');
    rig.generations.takeCaughtUp();
    assert.equal(rig.generations.served?.generation, 'g1');
  });

  it('gains the vectors of new items, and says so', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    give(rig, 'g2', ['elsewhere']);
    assert.equal(rig.vectors, 0);
    give(rig, 'g1', ['new'], 'inductive');
    assert.equal(rig.vectors, 1);
    assert.deepEqual(await vectorIn(rig.generations.served, 'new'), Float32Array.of(1, 3));
  });

  it('loses a withdrawn item, and gets it back when it returns', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    rig.generations.takeEmbedding('g1/tea', null);
    rig.generations.takeEmbedding('g1/never/seen', null);
    assert.equal(await vectorIn(rig.generations.served, 'tea'), undefined);
    assert.ok(await vectorIn(rig.generations.served, 'nail'));
    give(rig, 'g1', ['tea'], 'inductive');
    assert.ok(await vectorIn(rig.generations.served, 'tea'));
  });

  it('is never one with a poisoned vector, and the others go on', () => {
    const rig = createRig();
    publish(rig, 'g1');
    say(rig, 'g2', 'active');
    const poisons = [
      Buffer.alloc(3),
      Buffer.alloc(12),
      Buffer.from(new Float32Array([Number.NaN, 1]).buffer),
    ];
    for (const vector of poisons) {
      const embedding = { generation: 'g2', itemId: 'nail', vector, origin: 'trained' as const, basis: null };
      rig.generations.takeEmbedding('g2/nail', embedding);
    }
    give(rig, 'g2', ['tea']);
    assert.deepEqual(rig.invalid, ['nail', 'nail', 'nail']);
    assert.equal(rig.generations.served?.generation, 'g1');
    publish(rig, 'g3');
    assert.equal(rig.generations.served?.generation, 'g3');
  });
});

describe('vectors in memory', () => {
  it('go with a rejected release, and with a tombstoned one', () => {
    const rig = createRig();
    give(rig, 'g1', ['tea']);
    say(rig, 'g1', 'rejected');
    give(rig, 'g2', ['tea']);
    rig.generations.takeRelease('g2', null);
    give(rig, 'g1', ['nail']);
    give(rig, 'g2', ['nail']);
    assert.deepEqual(rig.generations.held, []);
  });

  it('of a retired generation go when the last of them is tombstoned', () => {
    const rig = createRig();
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.deepEqual(rig.generations.held, ['g1', 'g2']);
    rig.generations.takeEmbedding('g1/tea', null);
    rig.generations.takeEmbedding('g1/nail', null);
    assert.deepEqual(rig.generations.held, ['g2']);
  });
});

it('however the two topics interleave, the same generation is served in the end', () => {
  const releases = [
    ['g1', 'building'],
    ['g1', 'active'],
    ['g2', 'building'],
    ['g3', 'rejected'],
    ['g2', 'active'],
    ['g1', 'retired'],
  ] as const;
  const embeddings = ['g1', 'g3', 'g2'].flatMap((generation) =>
    ['tea', 'nail'].map((itemId) => [generation, itemId] as const),
  );
  fc.assert(
    fc.property(fc.infiniteStream(fc.boolean()), fc.nat(12), (turns, end) => {
      const rig = createRig({ caughtUp: false });
      const [left, right] = [[...releases], [...embeddings]];
      for (let taken = 0; left.length + right.length > 0; taken++) {
        if (taken === end) rig.generations.takeCaughtUp();
        const fromLeft = right.length === 0 || (left.length > 0 && turns.next().value === true);
        if (fromLeft) {
          const [generation, state] = left.shift()!;
          say(rig, generation, state);
        } else {
          const [generation, itemId] = right.shift()!;
          give(rig, generation, [itemId]);
        }
      }
      if (end >= 12) rig.generations.takeCaughtUp();
      assert.deepEqual([rig.generations.served?.generation, rig.generations.served?.alpha], ['g2', 1.2]);
      assert.deepEqual(rig.generations.held.sort(), ['g1', 'g2']);
    }),
  );
});
