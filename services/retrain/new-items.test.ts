import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { embedNew } from '#algorithms/pinsage/embed.ts';
import type { Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { ItemCatalogue } from './catalogue.ts';
import { EmbeddedItems } from './embedded-items.ts';
import { someModel } from './models.testing.ts';
import { Models, toModelWeights } from './models.ts';
import { NewItems } from './new-items.ts';
import { someItem, someRelease } from './records.testing.ts';
import { Releases } from './releases.ts';

const MODEL = someModel();

describe('new items', () => {
  let catalogue: ItemCatalogue;
  let embedded: EmbeddedItems;
  let models: Models;
  let releases: Releases;
  let newItems: NewItems;

  beforeEach(() => {
    catalogue = new ItemCatalogue();
    embedded = new EmbeddedItems();
    models = new Models({ warn: assert.fail });
    releases = new Releases();
    newItems = new NewItems({ catalogue, embedded, models, releases });
  });

  function arrive(...itemIds: string[]): void {
    for (const itemId of itemIds) {
      catalogue.take(itemId, someItem(itemId));
      newItems.takeItem(itemId);
    }
  }

  function declare(generation: string, state: Release['state']): void {
    releases.take(generation, someRelease(generation, state));
  }

  function train(generation: string): void {
    models.take(`pinsage/${generation}`, toModelWeights(generation, MODEL));
  }

  /** What is embedded now, as keys; it is read back from the log. */
  function embed(limit = 100): string[] {
    const keys = newItems.embedWaiting(limit).map(({ generation, itemId }) => `${generation}/${itemId}`);
    for (const key of keys) embedded.take(key, false);
    return keys;
  }

  it('wait for a generation that is active and for its weights', () => {
    arrive('tea');
    assert.deepEqual(embed(), []);
    declare('g1', 'ready');
    train('g1');
    assert.deepEqual(embed(), [], 'not active');
    declare('g2', 'active');
    assert.deepEqual(embed(), [], 'no weights');
    train('g2');
    assert.deepEqual(embed(), ['g2/tea']);
    assert.deepEqual(embed(), [], 'once');
  });

  it('get the vector that their content has in the model', () => {
    arrive('tea');
    declare('g1', 'active');
    train('g1');
    const [embedding] = newItems.embedWaiting(1);
    assert.equal(embedding?.origin, 'inductive');
    assert.deepEqual(
      decodeVector(embedding.vector, MODEL.weights.shape.dim),
      embedNew(MODEL.weights, catalogue.features('tea', 0, MODEL.layout)),
    );
  });

  it('are those that the generation does not hold', () => {
    declare('g1', 'active');
    train('g1');
    arrive('tea', 'nail');
    embedded.take('g1/tea', false);
    assert.deepEqual(embed(), ['g1/nail']);
    arrive('tea', 'nail');
    assert.deepEqual(embed(), [], 'a change of a held item leaves its vector');
  });

  it('that were withdrawn meanwhile are forgotten', () => {
    declare('g1', 'active');
    train('g1');
    arrive('tea');
    catalogue.take('tea', null);
    newItems.takeItem('tea');
    assert.deepEqual(embed(), []);
  });

  it('are taken a few at a time', () => {
    declare('g1', 'active');
    train('g1');
    arrive('a', 'b', 'c');
    assert.deepEqual([embed(2), embed(2), embed(2)], [['g1/a', 'g1/b'], ['g1/c'], []]);
  });

  it('that came during a training are embedded in its generation too', () => {
    declare('g1', 'active');
    train('g1');
    arrive('trained');
    assert.deepEqual(embed(), ['g1/trained']);
    declare('g2', 'building');
    arrive('late');
    assert.deepEqual(embed(), ['g1/late']);
    embedded.take('g2/trained', false);
    train('g2');
    declare('g2', 'active');
    declare('g1', 'retired');
    assert.deepEqual(embed(), ['g2/late']);
  });

  it('are embedded in the generation that was rolled back to', () => {
    train('g1');
    train('g2');
    declare('g1', 'retired');
    declare('g2', 'active');
    arrive('tea');
    assert.deepEqual(embed(), ['g2/tea']);
    declare('g1', 'active');
    declare('g2', 'rejected');
    assert.deepEqual(embed(), ['g1/tea']);
  });

  it('wait where the weights of the generation rolled back to are gone', () => {
    train('g2');
    declare('g2', 'active');
    arrive('tea');
    declare('g1', 'active');
    declare('g2', 'rejected');
    assert.deepEqual(embed(), []);
    train('g3');
    declare('g3', 'active');
    assert.deepEqual(embed(), ['g3/tea']);
  });
});
