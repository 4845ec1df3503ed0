import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERROR_REMEDIES } from '#contracts/errors.ts';
import { validateIdentifiedItem, validateItem } from './item.ts';

const NOW = 1_700_000_000_000;
const ANY_LENGTH = { vectorLength: 0 };
const GOOD = { title: 'Whole Milk' };

const BAD: ReadonlyArray<[object, string, string]> = [
  [{}, 'field.missing', 'title'],
  [{ title: '' }, 'field.invalid', 'title'],
  [{ ...GOOD, text: 3 }, 'field.invalid', 'text'],
  [{ ...GOOD, categories: 'dairy' }, 'field.invalid', 'categories'],
  [{ ...GOOD, categories: ['dairy', 3] }, 'field.invalid', 'categories[1]'],
  [{ ...GOOD, attributes: { size: 1 } }, 'field.invalid', 'attributes.size'],
  [{ ...GOOD, vector: [] }, 'field.invalid', 'vector'],
  [{ ...GOOD, vector: [1, null, 3] }, 'field.invalid', 'vector[1]'],
  [{ ...GOOD, vector: [1, 'NaN', 3] }, 'field.invalid', 'vector[1]'],
  [{ ...GOOD, vector: [1, 2, Number.POSITIVE_INFINITY] }, 'field.invalid', 'vector[2]'],
  [{ ...GOOD, vector: [1e300] }, 'field.invalid', 'vector[0]'],
  [{ ...GOOD, vector: Array(4_097).fill(1) }, 'field.invalid', 'vector'],
  [{ ...GOOD, availability: 'sometimes' }, 'field.invalid', 'availability'],
  [{ ...GOOD, attributes: JSON.parse('{"__proto__":"x"}') }, 'field.invalid', 'attributes.__proto__'],
  [{ ...GOOD, title: 'half \ud83d' }, 'field.invalid', 'title'],
  [{ ...GOOD, text: '\udc00' }, 'field.invalid', 'text'],
  [{ ...GOOD, categories: ['dairy', '\ud800'] }, 'field.invalid', 'categories[1]'],
  [{ ...GOOD, attributes: { a: '\ud800' } }, 'field.invalid', 'attributes.a'],
  [{ ...GOOD, attributes: { '\ud800': 'a' } }, 'field.invalid', 'attributes.\ufffd'],
  [{ ...GOOD, colour: 'white' }, 'field.invalid', 'colour'],
];

describe('an item that cannot be accepted', () => {
  for (const [input, code, field] of BAD) {
    it(`${JSON.stringify(input).slice(0, 60)} is rejected with ${code}, ${field}`, () => {
      for (const validation of [
        validateItem('i1', input, ANY_LENGTH, NOW),
        validateIdentifiedItem({ itemId: 'i1', ...input }, ANY_LENGTH, NOW),
      ]) {
        assert.ok('rejection' in validation);
        assert.deepEqual([validation.rejection.code, validation.rejection.field], [code, field]);
      }
    });
  }

  it('an item whose vector has a different length than configured is rejected', () => {
    const validation = validateItem('i1', { ...GOOD, vector: [1, 2, 3] }, { vectorLength: 4 }, NOW);
    assert.deepEqual(validation, {
      rejection: {
        code: 'field.invalid',
        field: 'vector',
        reason: 'has 3 numbers; 4 are expected',
        remedy: ERROR_REMEDIES['field.invalid'],
      },
    });
  });

  it('an item whose id is missing, empty or too long is rejected', () => {
    const rejectionOf = (itemId: unknown) => {
      const validation = validateIdentifiedItem({ ...GOOD, itemId }, ANY_LENGTH, NOW);
      return 'rejection' in validation ? [validation.rejection.code, validation.rejection.field] : undefined;
    };
    assert.deepEqual(rejectionOf(''), ['field.invalid', 'itemId']);
    assert.deepEqual(rejectionOf('i'.repeat(257)), ['field.invalid', 'itemId']);
    assert.ok('rejection' in validateItem('i'.repeat(257), GOOD, ANY_LENGTH, NOW));
    assert.ok('rejection' in validateIdentifiedItem(GOOD, ANY_LENGTH, NOW));
  });
});

describe('an item that is accepted', () => {
  it('fields that an item leaves out are empty in the record', () => {
    assert.deepEqual(validateItem('i1', GOOD, ANY_LENGTH, NOW), {
      record: {
        itemId: 'i1',
        title: 'Whole Milk',
        text: '',
        categories: [],
        attributes: {},
        vector: null,
        availability: 'available',
        updatedAt: NOW,
      },
    });
  });

  it('a record keeps all fields of its item', () => {
    const said = {
      itemId: 'i1',
      title: 'Vollmilch',
      text: 'Frisch',
      categories: ['Kühlung', 'Milch'],
      attributes: { size: '1 l' },
      vector: [0.5, -0.25],
      availability: 'unavailable',
    };
    assert.deepEqual(validateIdentifiedItem(said, { vectorLength: 2 }, NOW), {
      record: { ...said, updatedAt: NOW },
    });
  });
});
