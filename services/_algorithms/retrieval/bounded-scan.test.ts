import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { normaliseInPlace } from '../vectors.ts';
import { boundedTopK, byFallingFactor, type FactoredRows } from './bounded-scan.ts';

const DIM = 3;
const component = fc.integer({ min: -4, max: 4 });
const vector = fc.array(component, { minLength: DIM, maxLength: DIM });
const catalogues = fc.array(fc.tuple(vector, fc.integer({ min: 0, max: 5 })), { maxLength: 40 });

function rowsOf(items: ReadonlyArray<readonly [readonly number[], number]>): FactoredRows {
  const sorted = items.toSorted(([, a], [, b]) => b - a);
  const matrix = new Float32Array(sorted.length * DIM);
  sorted.forEach(([numbers], place) => {
    const row = Float32Array.from(numbers);
    normaliseInPlace(row);
    matrix.set(row, place * DIM);
  });
  return { matrix, dim: DIM, factors: Float64Array.from(sorted, ([, factor]) => factor) };
}

/** The definition: every row is scored, and the best are sorted. */
function scanSlowly({ matrix, factors }: FactoredRows, query: Float64Array, k: number, left: Uint8Array) {
  return [...factors.keys()]
    .map((place) => {
      let product = 0;
      for (let i = 0; i < DIM; i++) product += query[i]! * matrix[place * DIM + i]!;
      return { place, score: factors[place]! * product };
    })
    .filter(({ place, score }) => score > 0 && left[place] !== 1)
    .sort((a, b) => b.score - a.score || a.place - b.place)
    .slice(0, k);
}

describe('a bounded scan', () => {
  it('a bounded scan finds the rows that a full scan finds, with the same scores', () => {
    fc.assert(
      fc.property(catalogues, vector, fc.nat(12), fc.array(fc.nat(1)), (items, numbers, k, marks) => {
        const rows = rowsOf(items);
        const query = Float64Array.from(numbers);
        const excluded = Uint8Array.from(items, (_, place) => marks[place] ?? 0);
        const found = boundedTopK({ rows, query, k, excluded });
        const expected = scanSlowly(rows, query, k, excluded);
        assert.deepEqual(
          [...found.places].map((place, i) => ({ place, score: found.scores[i] })),
          expected,
        );
      }),
    );
  });

  it('a bounded scan ends where no factor can reach the best scores any more', () => {
    const random = createRandom('scan');
    const items = Array.from({ length: 5_000 }, (_, i) => {
      return [Array.from({ length: DIM }, () => random.normal()), 1 / (i + 1)] as const;
    });
    const { places, scanned } = boundedTopK({ rows: rowsOf(items), query: Float64Array.of(1, 0, 0), k: 10 });
    assert.equal(places.length, 10);
    assert.ok(scanned < 500, `${scanned} of 5,000 rows`);
  });

  it('a bounded scan refuses a query of another length', () => {
    assert.throws(() => boundedTopK({ rows: rowsOf([]), query: Float64Array.of(1), k: 1 }), RangeError);
  });

  it('factors are ordered by size, and equal ones as they are told to', () => {
    assert.deepEqual([...byFallingFactor([1, 3, 2, 3])], [1, 3, 2, 0]);
    assert.deepEqual([...byFallingFactor([1, 1], (a, b) => b - a)], [1, 0]);
  });
});
