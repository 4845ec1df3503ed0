import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom, hashString } from './random.ts';

const DRAWS = 20_000;

test('hashString returns the published MurmurHash3 values', () => {
  assert.equal(hashString(''), 0);
  assert.equal(hashString('', 1), 0x514e28b7);
  assert.equal(hashString('test'), 0xba6bd213);
  assert.equal(hashString('Hello, world!'), 0xc0363e43);
  assert.equal(hashString('The quick brown fox jumps over the lazy dog'), 0x2e4ff723);
});

test('the stream of a seed never changes between releases', () => {
  const random = createRandom(42);
  const drawn = Array.from({ length: 3 }, () => random.integer(1_000_000));
  assert.deepEqual(drawn, [728_683, 457_742, 282_707]);
});

test('equal seeds give equal streams, and different seeds different ones', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      const take = (seed: string) => {
        const random = createRandom(seed);
        return [random.next(), random.normal(), random.next()];
      };
      assert.deepEqual(take(one), take(one));
      if (one !== other) assert.notDeepEqual(take(one), take(other));
    }),
  );
});

test('a fork depends on its label, not on earlier draws', () => {
  const fresh = createRandom('seed');
  const used = createRandom('seed');
  for (let i = 0; i < 100; i++) used.normal();
  assert.equal(used.fork('a').next(), fresh.fork('a').next());
  assert.notEqual(fresh.fork('a').next(), fresh.fork('b').next());
});

test('next is uniform in [0, 1)', () => {
  const random = createRandom('uniform');
  const buckets = new Float64Array(10);
  for (let i = 0; i < DRAWS; i++) {
    const value = random.next();
    assert.ok(value >= 0 && value < 1);
    buckets[Math.floor(value * 10)]! += 1;
  }
  const expected = DRAWS / 10;
  const chiSquare = buckets.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0);
  assert.ok(chiSquare < 27.9, `χ² with 9 degrees of freedom: ${chiSquare}`); // p = .001
});

test('integer stays in range and rejects an empty range', () => {
  const random = createRandom(1);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (n) => {
      const value = random.integer(n);
      assert.ok(Number.isInteger(value) && value >= 0 && value < n);
    }),
  );
  for (const n of [0, -1, 1.5, Number.NaN]) assert.throws(() => random.integer(n), RangeError);
});

test('normal has the moments of the standard normal distribution', () => {
  const random = createRandom('normal');
  let [sum, squares, fourth] = [0, 0, 0];
  for (let i = 0; i < DRAWS; i++) {
    const value = random.normal();
    sum += value;
    squares += value ** 2;
    fourth += value ** 4;
  }
  assert.ok(Math.abs(sum / DRAWS) < 0.03);
  assert.ok(Math.abs(squares / DRAWS - 1) < 0.05);
  assert.ok(Math.abs(fourth / DRAWS - 3) < 0.4);
});
