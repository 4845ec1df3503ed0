import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { bootstrapMean, bootstrapRatio, sumsByGroup } from './bootstrap.ts';

const normals = (length: number, seed: string) => {
  const random = createRandom(seed);
  return Float64Array.from({ length }, () => random.normal());
};

describe('the bootstrap over repetitions and cases', () => {
  it('the interval contains the mean of the table and lies within its figures', () => {
    const rows = fc.integer({ min: 1, max: 4 });
    const cases = fc.integer({ min: 1, max: 8 });
    const figure = fc.double({ min: -10, max: 10, noNaN: true });
    const table = fc
      .tuple(rows, cases)
      .chain(([r, c]) =>
        fc.array(fc.array(figure, { minLength: c, maxLength: c }), { minLength: r, maxLength: r }),
      );
    fc.assert(
      fc.property(table, (each) => {
        const { mean, low, high } = bootstrapMean(each, createRandom(1), { draws: 50 });
        const all = each.flat();
        assert.ok(Math.abs(mean - all.reduce((sum, value) => sum + value, 0) / all.length) < 1e-9);
        assert.ok(low <= high && low >= Math.min(...all) - 1e-9 && high <= Math.max(...all) + 1e-9);
      }),
    );
  });

  it('the interval is close to the textbook interval of a mean if only cases differ', () => {
    const { mean, low, high } = bootstrapMean([normals(400, 'cases')], createRandom(2));
    const halfWidth = 1.96 / Math.sqrt(400);
    assert.ok(Math.abs(high - mean - halfWidth) < halfWidth / 5);
    assert.ok(Math.abs(mean - low - halfWidth) < halfWidth / 5);
  });

  it('the interval also covers the variation between repetitions', () => {
    const shifted = [0, 1, 2].map((shift) => new Float64Array(100).fill(shift));
    const { mean, low, high } = bootstrapMean(shifted, createRandom(3));
    assert.equal(mean, 1);
    assert.ok(low < 0.5 && high > 1.5);
  });

  it('the interval is reproducible under a seed, and malformed tables are rejected', () => {
    const table = [normals(20, 'a'), normals(20, 'b')];
    assert.deepEqual(bootstrapMean(table, createRandom(4)), bootstrapMean(table, createRandom(4)));
    assert.throws(() => bootstrapMean([], createRandom(5)), RangeError);
    assert.throws(() => bootstrapMean([[]], createRandom(5)), RangeError);
    assert.throws(() => bootstrapMean([[1], [1, 2]], createRandom(5)), RangeError);
  });
});

describe('the bootstrap over groups of cases', () => {
  it('groups of one case give the interval of a mean, and cases that repeat within their group a wider one', () => {
    const values = normals(400, 'groups');
    const ones = new Array<number>(400).fill(1);
    const single = bootstrapRatio([values], ones, createRandom(2));
    const plain = bootstrapMean([values], createRandom(2));
    assert.ok(Math.abs(single.mean - plain.mean) < 1e-12);
    assert.ok(Math.abs(single.high - single.low - (plain.high - plain.low)) < 0.03);
    const repeated = bootstrapRatio(
      [values.map((value) => 4 * value)],
      ones.map(() => 4),
      createRandom(3),
    );
    const asIfAlone = bootstrapMean(
      [Float64Array.from({ length: 1_600 }, (_, i) => values[i % 400]!)],
      createRandom(3),
    );
    assert.ok(repeated.high - repeated.low > 1.5 * (asIfAlone.high - asIfAlone.low));
  });

  it('a group counts by its cases', () => {
    const { mean, low, high } = bootstrapRatio([[1, 0]], [1, 3], createRandom(1));
    assert.equal(mean, 0.25);
    assert.ok(low <= mean && mean <= high);
  });

  it('groups without a case, or sums and counts of different lengths, are refused', () => {
    assert.throws(() => bootstrapRatio([[]], [], createRandom(1)), RangeError);
    assert.throws(() => bootstrapRatio([[0]], [0], createRandom(1)), RangeError);
    assert.throws(() => bootstrapRatio([[0, 1]], [1], createRandom(1)), RangeError);
  });

  it('repetitions of the same cases widen the interval by as much as they differ', () => {
    const rows = [normals(100, 'one'), normals(100, 'other').map((value) => value + 3)];
    const ones = new Array<number>(100).fill(1);
    const { mean, low, high } = bootstrapRatio(rows, ones, createRandom(4));
    assert.ok(Math.abs(mean - bootstrapMean(rows, createRandom(4)).mean) < 1e-12);
    assert.ok(low < 0.5 && high > 2.5);
  });

  it('cases are summed up and counted by their group', () => {
    const { sums, counts } = sumsByGroup([Float64Array.of(1, 2, 4)], ['a', 'b', 'a']);
    assert.deepEqual([sums.map((own) => [...own]), [...counts]], [[[5, 2]], [2, 1]]);
  });
});
