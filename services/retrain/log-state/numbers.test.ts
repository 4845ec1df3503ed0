import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { NameNumbers, nameOf, TextNumbers } from './numbers.ts';

/** Texts, and after some of them the share of numbers that is released. */
const uses = fc.array(
  fc.record({
    text: fc.nat(400).map(String),
    forgets: fc.option(fc.integer({ min: 2, max: 4 }), { freq: 20 }),
  }),
  { maxLength: 1_500 },
);

for (const [kind, create] of [
  ['names', () => adapted(new NameNumbers())],
  ['texts', () => new TextNumbers()],
] as const) {
  describe(`numbers of ${kind}`, () => {
    it('numbers are stable while in use, distinct, and reused afterwards', () => {
      fc.assert(
        fc.property(uses, (steps) => {
          const numbers = create();
          const expected = new Map<string, number>();
          let most = 0;
          for (const { text, forgets } of steps) {
            const number = numbers.numberOf(text);
            assert.equal(number, expected.get(text) ?? number);
            expected.set(text, number);
            assert.equal(new Set(expected.values()).size, expected.size);
            most = Math.max(most, expected.size);
            if (forgets === null) continue;
            numbers.retain((one) => one % forgets === 0);
            for (const [known, one] of expected) if (one % forgets !== 0) expected.delete(known);
          }
          assert.equal(numbers.size, most);
        }),
        { numRuns: 30 },
      );
    });
  });
}

function adapted(numbers: NameNumbers) {
  return {
    numberOf: (text: string) => {
      const name = nameOf(text);
      const wasThere = numbers.has(name);
      const number = numbers.numberOf(name);
      assert.ok(numbers.has(name));
      assert.equal(numbers.nameOf(number), name);
      assert.ok(wasThere || number < numbers.size);
      return number;
    },
    retain: (isInUse: (number: number) => boolean) => numbers.retain(isInUse),
    get size() {
      return numbers.size;
    },
  };
}

describe('texts', () => {
  it('texts are found by number and numbers by text, until they are released', () => {
    const numbers = new TextNumbers();
    numbers.numberOf('tea');
    assert.equal(numbers.find('tea'), 0);
    assert.equal(numbers.textOf(0), 'tea');
    numbers.retain(() => false);
    assert.equal(numbers.find('tea'), undefined);
    assert.throws(() => numbers.textOf(0), RangeError);
  });
});
