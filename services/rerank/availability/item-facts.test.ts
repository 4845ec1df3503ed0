import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { SlateFilter } from '#contracts/domain/slate-filter.ts';
import { narrowCandidates } from '../narrow-candidates.ts';
import { ItemFacts } from './item-facts.ts';

const facts = new ItemFacts();
const catalogue = {
  tea: anItem({ categories: ['Drinks', 'Hot'], attributes: { brand: 'Store', size: '1' } }),
  cola: anItem({ categories: ['Drinks'], attributes: { brand: 'Other' } }),
  soup: anItem({ categories: ['Food', 'Hot'], attributes: { brand: 'Store' } }),
};
for (const [itemId, item] of Object.entries(catalogue)) facts.apply(itemId, item);

function passing(filter: Partial<SlateFilter>): string[] {
  const test = facts.testOf({ anyCategory: [], allCategories: [], attributes: [], exclude: [], ...filter });
  return [...Object.keys(catalogue), 'unlisted'].filter(test);
}

describe('the filter of a slate', () => {
  it('demands any or all of some categories, all of some attributes, and none of some items', () => {
    assert.deepEqual(passing({ anyCategory: ['Food', 'Drinks'] }), ['tea', 'cola', 'soup']);
    assert.deepEqual(passing({ allCategories: ['Hot', 'Drinks'] }), ['tea']);
    assert.deepEqual(passing({ attributes: ['brand:Store'] }), ['tea', 'soup']);
    assert.deepEqual(passing({ attributes: ['brand:Store', 'size:1'], anyCategory: ['Hot'] }), ['tea']);
    assert.deepEqual(passing({ exclude: ['tea', 'unlisted'] }), ['cola', 'soup']);
  });

  it('compares categories and attributes without their case, in all spellings of the catalogue', () => {
    const own = new ItemFacts();
    own.apply('a', anItem({ categories: ['DAIRY'], attributes: { Brand: 'Store' } }));
    const filter = { anyCategory: ['dairy'], allCategories: [], attributes: ['brand:STORE'], exclude: [] };
    assert.deepEqual(['a', 'b'].filter(own.testOf(filter)), ['a']);
    own.apply('b', anItem({ categories: ['Dairy'], attributes: { brand: 'store' } }));
    assert.deepEqual(
      ['a', 'b'].filter(own.testOf(filter)),
      ['a', 'b'],
      'also one that came after the first filter',
    );
  });

  it('names the categories and attributes that no item has, as they were asked for', () => {
    const asked = {
      anyCategory: ['Drinks', 'Diary'],
      allCategories: ['hot', 'Cold'],
      attributes: ['brand:None', 'SIZE:1'],
    };
    assert.deepEqual(facts.unknownIn(asked), ['Diary', 'Cold', 'brand:None']);
  });

  it('an item is read as the catalogue lists it, with a colon in the name of an attribute too', () => {
    const item = anItem({
      categories: ['Food', 'Hot'],
      attributes: { 'a:b': 'c:d', brand: '' },
      updatedAt: 9,
    });
    const own = new ItemFacts();
    own.apply('soup', item);
    const { categories, attributes } = item;
    assert.deepEqual(own.get('soup'), { categories, attributes, updatedAt: 9 });
    own.apply('soup', null);
    assert.equal(own.get('soup'), undefined);
  });

  it('shows an item that the catalogue does not list only where nothing is demanded of it', () => {
    assert.ok(passing({}).includes('unlisted'));
    assert.ok(passing({ exclude: ['tea'] }).includes('unlisted'));
    assert.deepEqual(passing({ anyCategory: ['Unknown'] }), []);
    assert.deepEqual(passing({ attributes: ['brand'] }), []);
  });

  it('follows the catalogue: the newest entry of an item counts, and a withdrawn item has none', () => {
    facts.apply('cola', anItem({ categories: ['Hot'] }));
    assert.deepEqual(passing({ anyCategory: ['Drinks'] }), ['tea']);
    facts.apply('cola', null);
    assert.deepEqual(passing({ anyCategory: ['Hot'] }), ['tea', 'soup']);
  });

  it('keeps the features of the candidates that pass', () => {
    const candidate = (itemId: string) => ({
      itemId,
      models: [],
      because: null,
      explanation: '',
      popularity: 0,
    });
    const features = { columns: ['a', 'b'], values: Float64Array.of(1, 2, 3, 4, 5, 6) };
    const narrowed = narrowCandidates(
      { candidates: ['x', 'y', 'z'].map(candidate), features },
      (itemId) => itemId !== 'y',
    );
    assert.deepEqual(
      narrowed.candidates.map(({ itemId }) => itemId),
      ['x', 'z'],
    );
    assert.deepEqual([...narrowed.features.values], [1, 2, 5, 6]);
    assert.equal(
      narrowCandidates(
        { candidates: [candidate('x')], features: { columns: ['a'], values: Float64Array.of(1) } },
        () => false,
      ).candidates.length,
      0,
    );
  });
});

test('items of one path of categories are of one kind, and an item without a category is of none', () => {
  const own = new ItemFacts();
  own.apply('whole', anItem({ categories: ['Dairy', 'Milk'] }));
  own.apply('skimmed', anItem({ categories: ['Dairy', 'Milk'] }));
  own.apply('butter', anItem({ categories: ['Dairy'] }));
  own.apply('gift', anItem({ categories: [] }));
  assert.equal(own.kindOf('whole'), own.kindOf('skimmed'));
  assert.notEqual(own.kindOf('whole'), own.kindOf('butter'));
  assert.deepEqual([own.kindOf('gift'), own.kindOf('unlisted')], [undefined, undefined]);
  own.apply('whole', null);
  assert.equal(own.kindOf('whole'), undefined);
});
