import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_FEATURE_LAYOUT, featureDimension, itemFeatures } from '#algorithms/pinsage/features.ts';
import type { Item } from '#contracts/generated/records.ts';
import { someItem } from '../records.testing.ts';
import { ItemCatalogue } from './catalogue.ts';

function catalogueOf(...items: Item[]): ItemCatalogue {
  const catalogue = new ItemCatalogue();
  for (const item of items) catalogue.apply(item.itemId, item);
  return catalogue;
}

function withVectors(vectors: Readonly<Record<string, readonly number[] | null>>): ItemCatalogue {
  return catalogueOf(...Object.entries(vectors).map(([itemId, vector]) => someItem(itemId, { vector })));
}

describe('the layout of features', () => {
  it('the layout has no room for vectors if no item has one', () => {
    assert.deepEqual(withVectors({ tea: null, nail: [] }).layout(), DEFAULT_FEATURE_LAYOUT);
    assert.deepEqual(catalogueOf().layout(), DEFAULT_FEATURE_LAYOUT);
  });

  it('the layout has the most frequent length of vectors, and among equally frequent ones the shortest', () => {
    assert.equal(withVectors({ a: [1, 2], b: null, c: [3, 4], d: [5] }).layout().vector, 2);
    assert.equal(withVectors({ a: [1, 2, 3], b: [1, 2] }).layout().vector, 2);
  });

  it('vectors that are not finite do not count for the layout', () => {
    const catalogue = withVectors({ a: [Number.NaN], b: [Infinity], c: [1, 2] });
    assert.equal(catalogue.layout().vector, 2);
  });
});

describe('an item with a vector that does not fit', () => {
  const catalogue = withVectors({ a: [1, 2], b: [3, 4], long: [1, 2, 3], nan: [1, Number.NaN], none: null });
  const layout = catalogue.layout();

  it('an item with a vector that does not fit is reported', () => {
    assert.deepEqual(catalogue.withUnusableVector(layout), ['long', 'nan']);
  });

  it('an item with a vector that does not fit has the features of an item without a vector', () => {
    for (const itemId of ['long', 'nan']) {
      const content = { categories: [], attributes: {}, text: `${itemId} ` };
      assert.deepEqual(catalogue.features(itemId, 1, layout), itemFeatures(content, 1, layout));
    }
  });

  it('no vector leads to a feature that is not finite', () => {
    const vector = fc.option(fc.array(fc.float(), { maxLength: 3 }));
    fc.assert(
      fc.property(fc.array(vector, { minLength: 1, maxLength: 8 }), (vectors) => {
        const items = vectors.map((one, i) => someItem(`i${i}`, { vector: one }));
        const catalogue = catalogueOf(...items);
        const layout = catalogue.layout();
        const itemIds = [...catalogue.itemIds()];
        const matrix = catalogue.featureMatrix(itemIds, new Uint32Array(items.length), layout);
        assert.equal(matrix.length, items.length * featureDimension(layout));
        assert.ok(matrix.every(Number.isFinite));
      }),
    );
  });
});

describe('the features of an item', () => {
  const catalogue = withVectors({ tea: [3, 4], nail: null });
  const layout = catalogue.layout();

  it('features end with the supplied vector and the degree', () => {
    const features = catalogue.features('tea', 4, layout);
    assert.deepEqual(
      features.slice(-3),
      Float32Array.of(0.6, 0.8, Math.log1p(4) / 10),
      'the vector is scaled to length 1',
    );
  });

  it('an item that only occurs in actions has its degree as its only feature', () => {
    const features = catalogue.features('ghost', 4, layout);
    assert.equal(features.length, featureDimension(layout));
    assert.ok(features.slice(0, -1).every((value) => value === 0));
    assert.ok(features.at(-1)! > 0);
  });

  it('features are dropped with the item', () => {
    const shrinking = withVectors({ tea: [3, 4] });
    shrinking.apply('tea', null);
    assert.equal(shrinking.has('tea'), false);
    assert.deepEqual(shrinking.layout(), DEFAULT_FEATURE_LAYOUT);
  });

  it('the rows of the matrix are in the requested order', () => {
    const dimension = featureDimension(layout);
    const matrix = catalogue.featureMatrix(['ghost', 'tea'], [2, 3], layout);
    assert.deepEqual(matrix.slice(0, dimension), catalogue.features('ghost', 2, layout));
    assert.deepEqual(matrix.slice(dimension), catalogue.features('tea', 3, layout));
  });
});
