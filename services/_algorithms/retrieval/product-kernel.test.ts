import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom, type Random } from '../random.ts';
import { dot, normaliseInPlace, row } from '../vectors.ts';
import { reserveRows, SimdRows } from './product-kernel.ts';
import { PRODUCT_KERNEL_SOURCE_SHA256 } from './product-kernel.wasm.ts';
import { BLOCK_ROWS, MOST_PLACES, type Probes, type ProductRows } from './product-rows.ts';
import { ScalarRows } from './scalar-rows.ts';

/** Fills the rows with vectors of length 1, a few zeros, and a few whose numbers differ much in size. */
function fill(rows: ProductRows, random: Random): void {
  for (let place = 0; place < rows.count; place++) {
    const vector = row(rows.matrix, place, rows.dim);
    const kind = random.integer(10);
    for (let i = 0; i < rows.dim; i++) vector[i] = kind === 0 ? 0 : random.normal() ** (kind === 1 ? 9 : 1);
    normaliseInPlace(vector);
  }
}

function found(rows: ProductRows, first: number, bar: number): Array<[place: number, score: number]> {
  const count = rows.above(first, bar);
  return Array.from({ length: count }, (_, i) => [rows.places[i]!, rows.scores[i]!]);
}

function unitVectors(count: number, dim: number, random: Random): Float32Array[] {
  return Array.from({ length: count }, () => {
    const vector = Float32Array.from({ length: dim }, () => random.normal());
    normaliseInPlace(vector);
    return vector;
  });
}

/** For each place: the position of the strongest probe, and its product if there is one. */
function strongestOf(rows: ProductRows, places: Int32Array, given: Probes): Array<[number, number?]> {
  const { probes, products } = rows.strongest(places, given);
  return Array.from(places, (_, i) => (probes[i] === -1 ? [-1] : [probes[i]!, products[i]!]));
}

/** For each of the others the products with the rows of the places. */
function tableOf(rows: ProductRows, places: readonly number[], others: readonly number[]): number[][] {
  const { values, width } = rows.products(places, others);
  return others.map((_, i) => [...values.subarray(i * width, i * width + places.length)]);
}

/** The same rows for both kernels. */
function sameRows({ quarters, count, seed }: { quarters: number; count: number; seed: number }) {
  const random = createRandom(seed);
  const simd = new SimdRows(count, 4 * quarters);
  const scalar = new ScalarRows(count, 4 * quarters);
  fill(simd, random);
  scalar.matrix.set(simd.matrix);
  return { simd, scalar, random };
}

const shapes = fc.record({
  quarters: fc.integer({ min: 1, max: 40 }),
  count: fc.integer({ min: 0, max: 2 * BLOCK_ROWS + 3 }),
  bar: fc.constantFrom(0, 0.01, 0.1, 0.5),
  length: fc.constantFrom(1e-20, 0.3, 1, 1e20),
  seed: fc.nat(),
});

describe('the product kernel', () => {
  it('is the assembled form of its source', () => {
    const source = readFileSync(new URL('./product-kernel.wat', import.meta.url));
    assert.equal(createHash('sha256').update(source).digest('hex'), PRODUCT_KERNEL_SOURCE_SHA256);
  });

  it('finds the rows above a bar that the loop in TypeScript finds, with the same bits', () => {
    fc.assert(
      fc.property(shapes, ({ quarters, count, bar, length, seed }) => {
        const { simd, scalar, random } = sameRows({ quarters, count, seed });
        const { dim } = simd;
        const factors = Float64Array.from({ length: count }, (_, place) => 1 / (1 + place / 100));
        for (let query = 0; query < 2; query++) {
          const vector = Float64Array.from({ length: dim }, () => (length * random.normal()) / dim ** 0.5);
          simd.begin(vector, factors);
          scalar.begin(vector, factors);
          for (let first = 0; first < count; first += BLOCK_ROWS)
            assert.deepEqual(found(simd, first, bar * length), found(scalar, first, bar * length));
        }
      }),
    );
  });

  it('finds the strongest probe of rows at any places that the loop in TypeScript finds, with the same bits', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 200 }), ({ quarters, count, seed }, probes) => {
        const { simd, scalar, random } = sameRows({ quarters, count, seed });
        const { dim } = simd;
        const places = Int32Array.from({ length: Math.min(count, BLOCK_ROWS) }, () => random.integer(count));
        const vectors = unitVectors(probes, dim, random);
        const weights = vectors.map((_, probe) => 1 / (20 + probe));
        assert.deepEqual(
          strongestOf(simd, places, { vectors, weights }),
          strongestOf(scalar, places, { vectors, weights }),
        );
      }),
    );
  });

  it('scores the rows of any places as it does where it finds them, with the bits of the loop in TypeScript', () => {
    fc.assert(
      fc.property(shapes, ({ quarters, count, seed }) => {
        fc.pre(count > 0);
        const { simd, scalar, random } = sameRows({ quarters, count, seed });
        const { dim } = simd;
        const factors = Float64Array.from({ length: count }, (_, place) => 1 / (1 + place / 100));
        const query = Float64Array.from({ length: dim }, () => random.normal());
        const places = Array.from({ length: BLOCK_ROWS }, () => random.integer(count));
        const [ofSimd, ofScalar] = [simd, scalar].map((rows) => {
          rows.begin(query, factors);
          const above = new Map(found(rows, 0, 0));
          rows.places.set(places);
          rows.scorePlaces(BLOCK_ROWS);
          for (const [i, place] of places.entries())
            if (above.has(place)) assert.equal(rows.scores[i], above.get(place));
          return [...rows.scores];
        });
        assert.deepEqual(ofSimd, ofScalar);
      }),
    );
  });

  it('multiplies rows as the loop in TypeScript does, with the same bits', () => {
    fc.assert(
      fc.property(
        shapes,
        fc.integer({ min: 0, max: MOST_PLACES }),
        fc.integer({ min: 0, max: 200 }),
        ({ quarters, count, seed }, columns, others) => {
          fc.pre(count > 0);
          const { simd, scalar, random } = sameRows({ quarters, count, seed });
          const places = Array.from({ length: columns }, () => random.integer(count));
          const rows = Array.from({ length: others }, () => random.integer(count));
          assert.deepEqual(tableOf(simd, places, rows), tableOf(scalar, places, rows));
        },
      ),
    );
  });

  it('multiplies rows of any length, up to rounding, and refuses too many places', () => {
    const random = createRandom('products');
    for (const dim of [1, 3, 5, 64]) {
      const rows = reserveRows(9, dim);
      fill(rows, random);
      const [places, others] = [
        [4, 1, 4],
        [0, 8, 3, 4],
      ];
      tableOf(rows, places, others).forEach((products, i) => {
        products.forEach((product, k) => {
          const exact = dot(row(rows.matrix, others[i]!, dim), row(rows.matrix, places[k]!, dim));
          assert.ok(Math.abs(product - exact) < 1e-6);
        });
      });
      assert.throws(() => rows.products(new Int32Array(MOST_PLACES + 1), [0]), RangeError);
    }
  });

  it('uses new factors, and those of before again', () => {
    const rows = new SimdRows(5, 4);
    fill(rows, createRandom('factors'));
    const query = rows.matrix.slice(0, 4);
    const scoreOfFirst = (factors: Float64Array): number => {
      rows.begin(query, factors);
      return found(rows, 0, 0)[0]![1];
    };
    const [ones, twos] = [new Float64Array(5).fill(1), new Float64Array(5).fill(2)];
    const once = scoreOfFirst(ones);
    assert.equal(scoreOfFirst(twos), 2 * once);
    assert.equal(scoreOfFirst(ones), once);
  });

  it('finds the strongest probe of the definition, up to rounding, for any length', () => {
    const random = createRandom('probes');
    for (const dim of [1, 3, 5, 64]) {
      const rows = reserveRows(9, dim);
      assert.equal(rows instanceof SimdRows, dim === 64);
      fill(rows, random);
      const vectors = unitVectors(70, dim, random);
      const weights = vectors.map((_, probe) => 1 / (1 + probe / 20));
      const places = Int32Array.of(2, 8, 2, 0);
      const found = strongestOf(rows, places, { vectors, weights });
      for (const [i, place] of places.entries()) {
        const products = vectors.map((vector) => dot(vector, row(rows.matrix, place, dim)));
        const largest = Math.max(0, ...products.map((product, probe) => weights[probe]! * product));
        const [probe, product] = found[i]!;
        if (probe === -1) assert.ok(largest < 1e-9);
        else {
          assert.ok(Math.abs(product! - products[probe]!) < 1e-9);
          assert.ok(Math.abs(weights[probe]! * product! - largest) < 1e-9);
        }
      }
    }
  });

  it('reserves rows in TypeScript where no memory of the kernel could hold them', () => {
    assert.ok(reserveRows(0, 4) instanceof SimdRows);
    // No array has so many elements, however much memory the host promises.
    assert.throws(() => reserveRows(2 ** 52, 4), RangeError);
  });
});
