import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dot, isFiniteVector, norm } from '../vectors.ts';
import { checkFeatures, featureDimension, type ItemContent, itemFeatures } from './features.ts';

const layout = { structure: 0, labels: 64, words: 64, vector: 2 };
const nothing: ItemContent = { categories: [], attributes: {}, text: '' };
const labels = (content: Partial<ItemContent>) =>
  itemFeatures({ ...nothing, ...content }, 0, layout).subarray(0, 64);
const words = (text: string) => itemFeatures({ ...nothing, text }, 0, layout).subarray(64, 128);

describe('item features', () => {
  it('blocks have length one or zero, whatever the text', () => {
    const content = fc.record({
      categories: fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }),
      attributes: fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), { maxKeys: 4 }),
      text: fc.string({ unit: 'binary' }),
      vector: fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(1)),
    });
    fc.assert(
      fc.property(content, fc.nat(), (item, degree) => {
        const features = itemFeatures(item, degree, layout);
        assert.equal(features.length, featureDimension(layout));
        assert.ok(isFiniteVector(features));
        for (const block of [
          features.subarray(0, 64),
          features.subarray(64, 128),
          features.subarray(128, 130),
        ]) {
          const length = norm(block);
          assert.ok(length === 0 || Math.abs(length - 1) < 1e-5, `length ${length}`);
        }
      }),
    );
  });

  it('words are recognised in scripts with and without spaces, regardless of case and width', () => {
    for (const text of ['Grüne Äpfel', '緑のりんごを買う', 'แอปเปิลเขียว', 'яблоки', 'تفاح أخضر'])
      assert.ok(norm(words(text)) > 0.99);
    assert.deepEqual(words('Fresh MILK'), words('fresh ｍｉｌｋ!'));
    assert.ok(dot(words('緑のりんご'), words('赤のりんご')) > 0.4);
  });

  it('labels are shared for common steps of the category path only from its beginning', () => {
    const milk = labels({ categories: ['food', 'dairy', 'milk'] });
    const near = dot(milk, labels({ categories: ['food', 'dairy', 'cheese'] }));
    const far = dot(milk, labels({ categories: ['food', 'bakery', 'milk'] }));
    assert.ok(Math.abs(near - 2 / 3) < 1e-6);
    assert.ok(Math.abs(far - 1 / 3) < 1e-6);
  });

  it('attributes are distinguished by name', () => {
    assert.notDeepEqual(labels({ attributes: { colour: 'red' } }), labels({ attributes: { brand: 'red' } }));
  });

  it('the degree feature grows with the logarithm of the degree', () => {
    const last = (degree: number) => itemFeatures(nothing, degree, layout).at(-1)!;
    assert.equal(last(0), 0);
    assert.ok(Math.abs(last(Math.E ** 10 - 1) - 1) < 1e-6);
  });

  it('numbers that are not finite and vectors of another length are rejected', () => {
    const withVector = (vector: number[]) => () => itemFeatures({ ...nothing, vector }, 0, layout);
    assert.throws(withVector([1, Number.NaN]), /Number 1 of the supplied vector is NaN/);
    assert.throws(withVector([1]), /has 1 numbers, the layout 2/);
    assert.throws(() => itemFeatures(nothing, -1, layout), /Degree -1/);
  });
});

describe('feature matrix', () => {
  it('a feature matrix with a number that is not finite is rejected with its position', () => {
    assert.throws(
      () => checkFeatures(Float32Array.of(1, 2, 3, Number.NaN), 2, 2),
      /Feature 1 of item 1 is NaN/,
    );
    assert.throws(() => checkFeatures(new Float32Array(3), 2, 2), /3 features are not 2 items of 2/);
  });

  it('a feature matrix is rejected if all items have the same features', () => {
    assert.throws(
      () => checkFeatures(Float32Array.of(1, 2, 1, 2), 2, 2),
      /All 2 items have the same features: .* List them with titles/,
    );
    checkFeatures(Float32Array.of(1, 2, 1, 3), 2, 2);
    checkFeatures(Float32Array.of(1, 2), 1, 2);
  });
});
