import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Release } from '#contracts/generated/records.ts';
import { PublishedGenerations } from './published-generations.ts';
import { embedding, release } from './releases.testing.ts';
import { createShard } from './shard.ts';

const WHOLE = createShard(0, 1);

/** A generation of two items, published whole. */
function publish(generations: PublishedGenerations, id: string, state: Release['state']): void {
  generations.applyRelease(release(id, 'building', 2));
  generations.applyEmbedding(embedding(id, 'a', [1, 0]));
  generations.applyEmbedding(embedding(id, 'b', [0, 1]));
  generations.applyRelease(release(id, state, 2));
}

function caughtUp(): PublishedGenerations {
  const generations = new PublishedGenerations(WHOLE);
  generations.markCaughtUp();
  return generations;
}

describe('which generation should serve', () => {
  it('no generation should serve before the log was read to its end', () => {
    const generations = new PublishedGenerations(WHOLE);
    publish(generations, 'g1', 'active');
    assert.equal(generations.wanted(), undefined);
    generations.markCaughtUp();
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('a half-published generation should not serve', () => {
    const generations = caughtUp();
    generations.applyRelease(release('g1', 'ready', 2));
    generations.applyEmbedding(embedding('g1', 'a', [1, 0]));
    generations.applyEmbedding(embedding('g1', 'a', [1, 0]));
    generations.applyEmbedding(embedding('g1', 'new', [1, 1], 'inductive'));
    assert.equal(generations.wanted(), undefined, 'repeats and inductive vectors do not complete it');
    generations.applyEmbedding(embedding('g1', 'b', [0, 1]));
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('a generation that a different replica declared active should not serve before all its vectors were read here', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'active');
    generations.applyRelease(release('g2', 'active', 2));
    generations.applyEmbedding(embedding('g2', 'a', [1, 0]));
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('a building generation should not serve, even if all its vectors are there', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'building');
    assert.equal(generations.wanted(), undefined);
  });

  it('a newer ready generation should serve until it is rejected', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'active');
    publish(generations, 'g2', 'ready');
    assert.equal(generations.wanted()?.id, 'g2');
    publish(generations, 'g3', 'rejected');
    assert.equal(generations.wanted()?.id, 'g2');
    generations.applyRelease(release('g2', 'rejected', 2));
    assert.equal(generations.wanted()?.id, 'g1');
    assert.equal(generations.get('g2')?.table, undefined, 'its vectors are dropped');
  });

  it('a ready generation older than the active one should not serve', () => {
    const generations = caughtUp();
    publish(generations, 'g2', 'active');
    publish(generations, 'g1', 'ready');
    assert.equal(generations.wanted()?.id, 'g2');
  });

  it('an earlier generation should serve when it is declared active again, as by a rollback', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'active');
    publish(generations, 'g2', 'active');
    generations.applyRelease(release('g1', 'retired', 2));
    assert.equal(generations.wanted()?.id, 'g2');
    generations.applyRelease(release('g1', 'active', 2));
    assert.equal(generations.wanted()?.id, 'g1');
    assert.deepEqual(
      generations.supersededBy('g1').map(({ generation }) => generation),
      ['g2'],
    );
  });

  it('an empty generation should not serve', () => {
    const generations = caughtUp();
    generations.applyRelease(release('g1', 'ready', 0));
    assert.equal(generations.wanted(), undefined);
  });

  it('after a restart the active generation should serve with the vectors that are left of it', () => {
    const generations = new PublishedGenerations(WHOLE);
    generations.applyEmbedding(embedding('g1', 'a', [1, 0]));
    generations.applyRelease(release('g1', 'active', 2));
    generations.markCaughtUp();
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('a generation declared active since the start should not serve before all its vectors were read', () => {
    const generations = new PublishedGenerations(WHOLE);
    generations.applyRelease(release('g1', 'ready', 2), true);
    generations.applyRelease(release('g1', 'active', 2), true);
    generations.applyEmbedding(embedding('g1', 'a', [1, 0]));
    generations.markCaughtUp();
    assert.equal(generations.wanted(), undefined);
    generations.applyEmbedding(embedding('g1', 'b', [0, 1]));
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('an older ready generation should not serve while vectors of the active one are still to come', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'ready');
    generations.applyRelease(release('g2', 'active', 2));
    assert.equal(generations.wanted(), undefined);
    publish(generations, 'g3', 'ready');
    assert.equal(generations.wanted()?.id, 'g3', 'a newer one takes over nevertheless');
  });

  it('a generation should serve until its last item is withdrawn', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'active');
    generations.get('g1')?.withdraw('a');
    assert.equal(generations.wanted()?.id, 'g1');
    generations.get('g1')?.withdraw('b');
    assert.equal(generations.wanted(), undefined);
  });

  it('a past generation whose vectors have all left the log takes no memory for them', () => {
    const generations = caughtUp();
    publish(generations, 'g1', 'active');
    publish(generations, 'g2', 'active');
    generations.applyRelease(release('g1', 'retired', 2));
    generations.withdraw('g1', 'a');
    assert.equal(generations.get('g1')?.table?.size, 2, 'the other vector is there');
    assert.notEqual(generations.withdraw('g1', 'b'), undefined, 'its row is told all the same');
    assert.equal(generations.get('g1')?.table, undefined);
    generations.withdraw('g2', 'a');
    generations.withdraw('g2', 'b');
    assert.equal(generations.get('g2')?.table?.size, 2, 'the active one may get new items');
  });

  it('after a restart the releases of past generations without vectors take no memory for them', () => {
    const generations = new PublishedGenerations(WHOLE);
    publish(generations, 'g1', 'retired');
    generations.applyRelease(release('g0', 'retired', 1_000_000));
    generations.withdraw('g1', 'a');
    generations.withdraw('g1', 'b');
    publish(generations, 'g2', 'active');
    assert.ok(generations.get('g1')?.table, 'the log is still being read');
    generations.markCaughtUp();
    assert.deepEqual([generations.get('g0')?.table, generations.get('g1')?.table], [undefined, undefined]);
    assert.equal(generations.wanted()?.id, 'g2');
  });

  it('a past generation can be declared active again with vectors that came after others had left', () => {
    const generations = caughtUp();
    publish(generations, 'g2', 'active');
    generations.applyRelease(release('g1', 'retired', 2));
    generations.applyEmbedding(embedding('g1', 'a', [1, 0]));
    generations.withdraw('g1', 'a');
    assert.equal(generations.get('g1')?.table, undefined);
    assert.deepEqual(generations.applyEmbedding(embedding('g1', 'b', [0, 1])), { row: 0 });
    assert.deepEqual(generations.applyEmbedding(embedding('g1', 'a', [1, 0])), { row: 1 });
    generations.applyRelease(release('g1', 'active', 2));
    assert.equal(generations.wanted()?.id, 'g1');
  });

  it('the order in which the topics interleave does not change which generation should serve', () => {
    const embeddings = ['a', 'b', 'c'].map((itemId, index) => embedding('g1', itemId, [1, index]));
    const events = [
      ...embeddings.map(
        (value) => (generations: PublishedGenerations) => void generations.applyEmbedding(value),
      ),
      (generations: PublishedGenerations) => void generations.applyRelease(release('g1', 'ready', 3)),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(events, { minLength: events.length }), (shuffled) => {
        const generations = caughtUp();
        for (const [index, event] of shuffled.entries()) {
          event(generations);
          assert.equal(generations.wanted() !== undefined, index === shuffled.length - 1);
        }
      }),
    );
  });
});

describe('a generation of several shards', () => {
  it('a generation is complete when the vectors of all shards were read, of which each shard keeps its own', () => {
    const itemIds = ['tea', 'milk', 'oats', 'soap', 'nail', 'rope'];
    const kept = [0, 1].map((place) => {
      const generations = new PublishedGenerations(createShard(place, 2));
      generations.markCaughtUp();
      generations.applyRelease(release('g1', 'ready', itemIds.length));
      for (const itemId of itemIds) {
        assert.equal(generations.wanted(), undefined, `without ${itemId}`);
        for (const origin of ['trained', 'inductive'] as const) {
          generations.applyEmbedding(embedding('g1', itemId, [1, 1], origin));
          generations.applyEmbedding(embedding('g1', `new ${itemId}`, [1, 1], 'inductive'));
        }
      }
      assert.equal(generations.wanted()?.id, 'g1');
      return itemIds.filter((itemId) => generations.get('g1')?.table?.rowOf(itemId) !== undefined);
    });
    assert.deepEqual(kept.flat().sort(), [...itemIds].sort());
  });
});

describe('a vector that cannot be indexed', () => {
  const generations = caughtUp();
  generations.applyRelease(release('g1', 'building', 1));
  const bytesOf = (...components: number[]): Buffer => Buffer.from(Float32Array.from(components).buffer);
  const take = (vector: Buffer) =>
    generations.applyEmbedding({ generation: 'g1', itemId: 'a', origin: 'trained', basis: null, vector });

  it('an invalid vector is skipped with its reason', () => {
    assert.equal(take(bytesOf(1)), 'invalid');
    assert.equal(take(bytesOf(1, 2, 3)), 'invalid');
    assert.equal(take(Buffer.alloc(7)), 'invalid');
    assert.equal(take(bytesOf(Number.NaN, 1)), 'invalid');
    assert.equal(take(bytesOf(Number.POSITIVE_INFINITY, 1)), 'invalid');
    assert.equal(take(bytesOf(0, 0)), 'zero');
    assert.equal(generations.get('g1')?.table?.size, 0);
  });

  it('an invalid vector that came before its release is reported with the release', () => {
    const late = new PublishedGenerations(WHOLE);
    const vector = bytesOf(1, 2, 3);
    assert.equal(
      late.applyEmbedding({ generation: 'g2', itemId: 'a', origin: 'trained', basis: null, vector }),
      'waiting',
    );
    assert.deepEqual(late.applyRelease(release('g2', 'building', 1)), ['invalid']);
  });

  it('a valid vector is scaled to length 1', () => {
    assert.deepEqual(take(bytesOf(3, 4)), { row: 0 });
    assert.deepEqual(
      [...(generations.get('g1')?.table?.at(0) ?? [])].map((component) => component.toFixed(3)),
      ['0.600', '0.800'],
    );
  });
});
