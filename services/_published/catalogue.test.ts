import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anItem } from '#contracts/domain/records.testing.ts';
import { Catalogue } from './catalogue.ts';

describe('the look of an item in the catalogue', () => {
  const entryOf = (attributes: Record<string, string>, categories: string[] = []) => {
    const catalogue = new Catalogue();
    catalogue.put(anItem({ itemId: 'oats', attributes, categories }));
    return catalogue.get('oats')!;
  };

  it('has the picture that an attribute names, and the broadest category', () => {
    const { image, category } = entryOf({ image: 'https://shop.example/oats.png' }, ['Grocery', 'Cereal']);
    assert.deepEqual([image, category], ['https://shop.example/oats.png', 'Grocery']);
    assert.equal(entryOf({ image_url: 'http://shop.example/a.jpg' }).image, 'http://shop.example/a.jpg');
  });

  it('has no picture where the attribute is no address of the web, or too long for one', () => {
    for (const image of [
      '',
      'oats.png',
      'javascript:alert(1)',
      'data:image/png;base64,AA',
      `https://a.example/${'x'.repeat(3_000)}`,
    ])
      assert.equal(entryOf({ image }).image, null, image.slice(0, 40));
    assert.deepEqual([entryOf({}).image, entryOf({}).category], [null, null]);
  });
});
