import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from 'typebox';
import { compileValidator, createCheck } from './validation.ts';

const Query = Type.Union([
  Type.Object({ name: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
  Type.Object({ point: Type.Array(Type.Number()) }, { additionalProperties: false }),
]);
const Body = Type.Object(
  {
    size: Type.Integer({ minimum: 1 }),
    unit: Type.Optional(Type.Enum(['m', 'km'])),
    queries: Type.Optional(Type.Array(Query)),
    note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  { additionalProperties: false },
);
const check = createCheck(Body);

const FAULTS: ReadonlyArray<[unknown, string, string, string]> = [
  [{}, 'field.missing', 'size', 'is missing'],
  [{ size: '1' }, 'field.invalid', 'size', 'must be integer'],
  [{ size: 0 }, 'field.invalid', 'size', 'must be >= 1'],
  [{ size: Number.POSITIVE_INFINITY }, 'field.invalid', 'size', 'must be integer'],
  [{ size: 1, unit: 'mile' }, 'field.invalid', 'unit', 'must be one of m, km'],
  [{ size: 1, note: 5 }, 'field.invalid', 'note', 'must be string or must be null'],
  [{ size: 1, sise: 2 }, 'field.invalid', 'sise', 'is not a known field'],
  [{ size: 1, 'a/b~c': 2 }, 'field.invalid', 'a/b~c', 'is not a known field'],
  [
    { size: 1, queries: [{ name: 'a' }, { name: '' }] },
    'field.invalid',
    'queries[1].name',
    'must not be empty',
  ],
  [{ size: 1, queries: [{ point: [1, null] }] }, 'field.invalid', 'queries[0].point[1]', 'must be number'],
  [{ size: 1, queries: [{}] }, 'field.missing', 'queries[0].name', 'is missing'],
  [[], 'field.invalid', '', 'must be object'],
];

describe('a check', () => {
  it('has nothing to say about a value that fits', () => {
    assert.equal(
      check({ size: 3, unit: 'km', queries: [{ name: 'a' }, { point: [1, 2] }], note: null }),
      undefined,
    );
  });

  for (const [value, code, field, reason] of FAULTS) {
    it(`names the fault of ${JSON.stringify(value)}`, () => {
      assert.deepEqual(check(value), { code, field, reason });
    });
  }
});

describe('the validator of a route', () => {
  it('returns a fitting value, and the fault of any other as an error of the sender', () => {
    const validate = compileValidator({ schema: Body, httpPart: 'body' });
    assert.deepEqual(validate({ size: 1 }), { value: { size: 1 } });
    const result = validate({ size: 0 });
    assert.ok('error' in result);
    const { code, field, status, retryable } = result.error;
    assert.deepEqual([code, field, status, retryable], ['field.invalid', 'size', 400, false]);
  });

  it('reads numbers from the text of a query, but not from a body', () => {
    const schema = Type.Object({
      n: Type.Integer(),
      share: Type.Number({ default: 0.5 }),
      name: Type.String(),
    });
    const ofQuery = compileValidator({ schema, httpPart: 'querystring' });
    const ofBody = compileValidator({ schema, httpPart: 'body' });
    assert.deepEqual(ofQuery({ n: '-3', name: '7' }), { value: { n: -3, share: 0.5, name: '7' } });
    assert.ok('error' in ofQuery({ n: '3.5', name: 'a' }));
    assert.ok('error' in ofBody({ n: '3', name: 'a' }));
  });

  it('says of a parameter of a query that it is given more than once, unless it may be repeated', () => {
    const schema = Type.Object({
      n: Type.Optional(Type.Integer()),
      tags: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 2 })),
    });
    const reasonOf = (query: object, httpPart = 'querystring') => {
      const result = compileValidator({ schema, httpPart })(query);
      return 'error' in result ? `${result.error.field} ${result.error.message}` : undefined;
    };
    assert.equal(reasonOf({ n: ['5', '6'] }), 'n is given twice: send it once');
    assert.equal(reasonOf({ n: ['5', '5', '5'] }), 'n is given 3 times: send it once');
    assert.equal(reasonOf({ tags: ['a', 'b'] }), undefined);
    assert.equal(reasonOf({ tags: ['a', ''] }), 'tags[1] must not be empty');
    assert.match(reasonOf({ tags: ['a', 'b', 'c'] })!, /^tags must not have more than 2 items/);
    assert.equal(reasonOf({ n: [5, 6] }, 'body'), 'n must be integer');
  });
});
