import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { ItemEmbedding, Release, ReleaseState } from '#contracts/generated/records.ts';
import { LogVectors } from './log-vectors.ts';
import type { EmbeddingSpace } from './vector-source.ts';

const ALPHA: Readonly<Record<string, number>> = { g1: 1.5, g2: 1.2, g3: 0.9 };

interface Rig {
  readonly vectors: LogVectors;
  readonly flips: string[];
  readonly invalid: string[];
  /** How often the served generation gained a vector. */
  gained: number;
}

function createRig({ caughtUp = true } = {}): Rig {
  const rig = { flips: [] as string[], invalid: [] as string[], gained: 0 };
  const vectors = new LogVectors({
    onFlip: (generation) => void rig.flips.push(generation),
    onVector: () => void rig.gained++,
    onInvalid: (itemId) => void rig.invalid.push(itemId),
  });
  if (caughtUp) vectors.markCaughtUp();
  return Object.assign(rig, { vectors });
}

function release(generation: string, state: ReleaseState, itemCount = 2): Release {
  return aRelease({ generation, state, itemCount, alpha: ALPHA[generation] ?? 1 });
}

function give(
  { vectors }: Rig,
  generation: string,
  itemIds: readonly string[],
  origin: ItemEmbedding['origin'] = 'trained',
): void {
  for (const itemId of itemIds) {
    const embedding = anEmbedding({ generation, itemId, origin }, [
      Number(generation.slice(1)),
      itemId.length,
    ]);
    vectors.applyEmbedding(embeddingKey(embedding), embedding);
  }
}

async function vectorIn(
  served: EmbeddingSpace | undefined,
  itemId: string,
): Promise<Float32Array | undefined> {
  const vectorOf = await served?.vectorsOf([itemId]);
  return vectorOf?.(itemId);
}

const say = ({ vectors }: Rig, generation: string, state: ReleaseState): void =>
  vectors.applyRelease(generation, release(generation, state));

function publish(rig: Rig, generation: string): void {
  say(rig, generation, 'building');
  give(rig, generation, ['tea', 'nail']);
  say(rig, generation, 'active');
}

describe('the served generation', () => {
  it('no generation is served before it is active and complete', () => {
    const rig = createRig();
    say(rig, 'g1', 'building');
    give(rig, 'g1', ['tea']);
    say(rig, 'g1', 'active');
    give(rig, 'g1', ['tea']);
    give(rig, 'g1', ['new'], 'inductive');
    assert.deepEqual(rig.flips, [], 'repeats and inductive vectors do not complete it');
    give(rig, 'g1', ['nail']);
    assert.deepEqual(rig.flips, ['g1']);
    assert.equal(rig.vectors.served?.generation, 'g1');
  });

  it('the generation, its α and its vectors flip together', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    const before = rig.vectors.served;
    say(rig, 'g2', 'active');
    give(rig, 'g2', ['tea']);
    assert.equal(rig.vectors.served, before, 'half of it is there');
    give(rig, 'g2', ['nail']);
    const { served } = rig.vectors;
    assert.deepEqual([served?.generation, served?.alpha], ['g2', 1.2]);
    assert.deepEqual(await vectorIn(served, 'tea'), Float32Array.of(2, 3));
    assert.deepEqual(
      await vectorIn(before, 'tea'),
      Float32Array.of(1, 3),
      'who still clusters in the old one may',
    );
  });

  it('the generation that was declared active last is served, as after a rollback', () => {
    const rig = createRig();
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.equal(rig.vectors.served?.generation, 'g2');
    say(rig, 'g1', 'active');
    say(rig, 'g2', 'retired');
    assert.deepEqual(rig.flips, ['g1', 'g2', 'g1']);
  });

  it('no generation is served before the log was read to its end', () => {
    const rig = createRig({ caughtUp: false });
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.equal(rig.vectors.served, undefined);
    rig.vectors.markCaughtUp();
    assert.deepEqual(rig.flips, ['g2']);
  });

  it('an active generation is complete after a restart, even if items were withdrawn from it', () => {
    const rig = createRig({ caughtUp: false });
    give(rig, 'g1', ['tea']);
    say(rig, 'g1', 'active');
    rig.vectors.markCaughtUp();
    assert.equal(rig.vectors.served?.generation, 'g1');
  });

  it('the served generation gains vectors of new items and reports each', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    give(rig, 'g2', ['elsewhere']);
    assert.equal(rig.gained, 0);
    give(rig, 'g1', ['new'], 'inductive');
    assert.equal(rig.gained, 1);
    assert.deepEqual(await vectorIn(rig.vectors.served, 'new'), Float32Array.of(1, 3));
  });

  it('a withdrawn item has no vector until it returns', async () => {
    const rig = createRig();
    publish(rig, 'g1');
    rig.vectors.applyEmbedding('g1/tea', null);
    rig.vectors.applyEmbedding('g1/never/seen', null);
    assert.equal(await vectorIn(rig.vectors.served, 'tea'), undefined);
    assert.ok(await vectorIn(rig.vectors.served, 'nail'));
    give(rig, 'g1', ['tea'], 'inductive');
    assert.ok(await vectorIn(rig.vectors.served, 'tea'));
  });

  it('a generation with an invalid vector is never served, and later ones are', () => {
    const rig = createRig();
    publish(rig, 'g1');
    say(rig, 'g2', 'active');
    const poisons = [
      Buffer.alloc(3),
      Buffer.alloc(12),
      Buffer.from(new Float32Array([Number.NaN, 1]).buffer),
    ];
    for (const vector of poisons) {
      rig.vectors.applyEmbedding('g2/nail', anEmbedding({ generation: 'g2', itemId: 'nail', vector }));
    }
    give(rig, 'g2', ['tea']);
    assert.deepEqual(rig.invalid, ['nail', 'nail', 'nail']);
    assert.equal(rig.vectors.served?.generation, 'g1');
    publish(rig, 'g3');
    assert.equal(rig.vectors.served?.generation, 'g3');
  });
});

/** Whether the vectors of a generation are still in memory: then it is served once it is declared active. */
function isHeld(rig: Rig, generation: string): boolean {
  say(rig, generation, 'active');
  return rig.vectors.served?.generation === generation;
}

describe('vectors in memory', () => {
  it('vectors of rejected and tombstoned releases are dropped', () => {
    const rig = createRig();
    give(rig, 'g1', ['tea', 'nail']);
    say(rig, 'g1', 'rejected');
    give(rig, 'g2', ['tea', 'nail']);
    rig.vectors.applyRelease('g2', null);
    for (const generation of ['g1', 'g2']) give(rig, generation, ['tea', 'nail']);
    assert.deepEqual([isHeld(rig, 'g1'), isHeld(rig, 'g2')], [false, false]);
  });

  it('vectors of a retired generation are dropped when the last of them is tombstoned', () => {
    const rig = createRig();
    publish(rig, 'g1');
    publish(rig, 'g2');
    say(rig, 'g1', 'retired');
    assert.deepEqual([isHeld(rig, 'g1'), isHeld(rig, 'g2')], [true, true]);
    rig.vectors.applyEmbedding('g1/tea', null);
    rig.vectors.applyEmbedding('g1/nail', null);
    assert.deepEqual([isHeld(rig, 'g1'), isHeld(rig, 'g2')], [false, true]);
  });
});

it('the order in which the topics interleave does not change which generation is served in the end', () => {
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
        if (taken === end) rig.vectors.markCaughtUp();
        const fromLeft = right.length === 0 || (left.length > 0 && turns.next().value === true);
        if (fromLeft) {
          const [generation, state] = left.shift()!;
          say(rig, generation, state);
        } else {
          const [generation, itemId] = right.shift()!;
          give(rig, generation, [itemId]);
        }
      }
      if (end >= 12) rig.vectors.markCaughtUp();
      assert.deepEqual([rig.vectors.served?.generation, rig.vectors.served?.alpha], ['g2', 1.2]);
      const held = ['g1', 'g2', 'g3'].filter((generation) => isHeld(rig, generation));
      assert.deepEqual(held, ['g1', 'g2']);
    }),
  );
});
