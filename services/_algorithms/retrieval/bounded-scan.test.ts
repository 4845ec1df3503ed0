import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { normaliseInPlace } from '../vectors.ts';
import { boundedTopK, byFallingFactor } from './bounded-scan.ts';
import { reserveRows } from './product-kernel.ts';
import type { ProductRows } from './product-rows.ts';

const DIM = 3;
const component = fc.integer({ min: -4, max: 4 });
const vector = fc.array(component, { minLength: DIM, maxLength: DIM });
const catalogues = fc.array(fc.tuple(vector, fc.integer({ min: 0, max: 5 })), { maxLength: 40 });

interface FactoredRows {
  readonly rows: ProductRows;
  readonly factors: Float64Array;
}

function rowsOf(items: ReadonlyArray<readonly [readonly number[], number]>, dim = DIM): FactoredRows {
  const sorted = items.toSorted(([, a], [, b]) => b - a);
  const rows = reserveRows(sorted.length, dim);
  sorted.forEach(([numbers], place) => {
    const row = Float32Array.from(numbers);
    normaliseInPlace(row);
    rows.matrix.set(row, place * dim);
  });
  return { rows, factors: Float64Array.from(sorted, ([, factor]) => factor) };
}

/** The definition: every row is scored, and the best are sorted. */
function scanSlowly(
  { rows: { matrix }, factors }: FactoredRows,
  query: Float64Array,
  k: number,
  left: Uint8Array,
) {
  return [...factors.keys()]
    .map((place) => {
      let product = 0;
      for (let i = 0; i < DIM; i++) product += query[i]! * matrix[place * DIM + i]!;
      return { place, score: factors[place]! * product };
    })
    .filter(({ place, score }) => score > 0 && left[place] === 0)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, k);
}

describe('a bounded scan', () => {
  it('a bounded scan finds the rows that a full scan finds, with the same scores', () => {
    fc.assert(
      fc.property(catalogues, vector, fc.nat(12), fc.array(fc.nat(1)), (items, numbers, k, marks) => {
        const rows = rowsOf(items);
        const query = Float64Array.from(numbers);
        const left = Uint8Array.from(items, (_, place) => (marks[place] ?? 0) + (marks[place + 1] ?? 0));
        const excluded = [...left.keys()].filter((place) => left[place] === 2);
        const withheld = left.map((mark) => (mark === 1 ? 1 : 0));
        const found = boundedTopK({ ...rows, query, k, excluded, withheld });
        const expected = scanSlowly(rows, query, k, left);
        assert.deepEqual(
          [...found.places].map((place, i) => ({ place, score: found.scores[i] })),
          expected,
        );
      }),
    );
  });

  it('a bounded scan finds the rows of a full scan in a large catalogue too', () => {
    const random = createRandom('large');
    const dim = 16;
    const items = Array.from({ length: 3_000 }, (_, i) => {
      return [Array.from({ length: dim }, () => random.normal()), 1 / (1 + i / 50)] as const;
    });
    const { rows, factors } = rowsOf(items, dim);
    for (let round = 0; round < 20; round++) {
      const query = Float64Array.from({ length: dim }, () => random.normal());
      const scores = [...factors.keys()].map((place) => {
        let product = 0;
        for (let i = 0; i < dim; i++) product += query[i]! * rows.matrix[place * dim + i]!;
        return factors[place]! * product;
      });
      const found = boundedTopK({ rows, factors, query, k: 100 });
      const expected = scores.toSorted((a, b) => b - a).slice(0, 100);
      assert.equal(found.places.length, 100);
      for (const [i, place] of found.places.entries()) {
        assert.ok(Math.abs(found.scores[i]! - scores[place]!) < 1e-12);
        assert.ok(Math.abs(found.scores[i]! - expected[i]!) < 1e-12);
      }
    }
  });

  it('a bounded scan ends where no factor can reach the best scores any more', () => {
    const random = createRandom('scan');
    const items = Array.from({ length: 5_000 }, (_, i) => {
      return [Array.from({ length: DIM }, () => random.normal()), 1 / (i + 1)] as const;
    });
    const { places, scanned } = boundedTopK({ ...rowsOf(items), query: Float64Array.of(1, 0, 0), k: 10 });
    assert.equal(places.length, 10);
    assert.ok(scanned < 500, `${scanned} of 5,000 rows`);
  });

  it('a bounded scan refuses a query of another length', () => {
    assert.throws(() => boundedTopK({ ...rowsOf([]), query: Float64Array.of(1), k: 1 }), RangeError);
  });

  it('factors are ordered by size, and equal ones as they are told to', () => {
    assert.deepEqual([...byFallingFactor([1, 3, 2, 3])], [1, 3, 2, 0]);
    assert.deepEqual([...byFallingFactor([1, 1], (a, b) => b - a)], [1, 0]);
  });
});
