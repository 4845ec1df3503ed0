import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Attached } from './attached.ts';

describe('attached values', () => {
  it('keeps the last value of each object, apart from those of others', () => {
    const [first, second] = [new Attached<object, number>(), new Attached<object, number>()];
    const [one, other] = [{}, ['an array']];
    first.set(one, 1);
    first.set(other, 2);
    second.set(one, 3);
    first.set(one, 4);
    assert.deepEqual(
      [first.get(one), first.get(other), second.get(one), second.get(other)],
      [4, 2, 3, undefined],
    );
  });

  it('shows the values neither to comparisons nor to copies nor to JSON', () => {
    const attached = new Attached<object, number>();
    const object = { a: 1 };
    attached.set(object, 2);
    assert.deepEqual(object, { a: 1 });
    assert.equal(attached.get({ ...object }), undefined);
    assert.equal(JSON.stringify(object), '{"a":1}');
  });

  it('refuses a frozen object, which would stay without its value', () => {
    assert.throws(() => new Attached<object, number>().set(Object.freeze({}), 1), TypeError);
  });
});
