import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace, row } from '#algorithms/vectors.ts';
import { ALPHA_GRID, sampleWindows, sweepAlpha } from './alpha.ts';
import { columnsOf } from './fixture.testing.ts';

const dim = 16;

/** Unit vectors around `groups` orthogonal directions, `each` per group, at a distance of `spread`. */
function groupedEmbeddings(groups: number, each: number, spread: number): Float32Array {
  const random = createRandom('groups');
  const embeddings = new Float32Array(groups * each * dim);
  for (let item = 0; item < groups * each; item++) {
    const vector = row(embeddings, item, dim);
    for (let d = 0; d < dim; d++) vector[d] = (random.normal() * spread) / Math.sqrt(dim);
    vector[item % groups]! += 1;
    normaliseInPlace(vector);
  }
  return embeddings;
}

/** Users who take items of four groups of twelve. */
function windows(count: number): Int32Array[] {
  const random = createRandom('windows');
  return Array.from({ length: count }, () => {
    const own = [0, 1, 2, 3].map((group) => (group + random.integer(3)) % 12);
    return Int32Array.from({ length: 40 }, () => own[random.integer(4)]! + 12 * random.integer(20));
  });
}

describe('sweep of α', () => {
  const embeddings = groupedEmbeddings(12, 20, 0.45);

  it('the sweep prefers a cut that keeps groups whole and apart to one that splits or joins them', () => {
    const { alpha, table } = sweepAlpha(embeddings, dim, windows(60), { medoids: 4, grid: [0.3, 1.4, 20] });
    assert.equal(alpha, 1.4);
    const [fine, right, coarse] = table;
    assert.ok(right!.relevance > fine!.relevance && right!.relevance > coarse!.relevance);
    assert.equal(coarse!.clusters, 1);
    assert.ok(fine!.clusters > 4 * right!.clusters);
  });

  it('the sweep has a row for every α of the grid, with fewer clusters at each step', () => {
    const { table } = sweepAlpha(embeddings, dim, windows(20));
    assert.deepEqual(
      table.map(({ alpha }) => alpha),
      ALPHA_GRID,
    );
    assert.ok(table.every(({ clusters }, i) => i === 0 || clusters <= table[i - 1]!.clusters));
    assert.ok(
      table.every(({ relevance, meanCosine }) => relevance >= 0 && relevance <= 1 && meanCosine <= 1 + 1e-6),
    );
  });

  it('among figures that differ by less than their error the largest α is chosen', () => {
    const same = new Float32Array(3 * dim).fill(1 / Math.sqrt(dim));
    const { alpha } = sweepAlpha(same, dim, [Int32Array.of(0, 1, 2, 0, 1)], { grid: [1, 2] });
    assert.equal(alpha, 2);
  });

  it('without windows that are long enough the default α is chosen', () => {
    assert.deepEqual(sweepAlpha(embeddings, dim, [Int32Array.of(1, 2)]), { alpha: 1.5, table: [] });
  });
});

describe('sampled windows', () => {
  it('sampled windows hold the latest items of distinct users in order of time', () => {
    const actions = columnsOf([
      { user: 1, context: 0, item: 7, at: 3 },
      { user: 2, context: 1, item: 5, at: 1 },
      { user: 1, context: 2, item: 8, at: 1 },
      { user: 1, context: 3, item: 9, at: 2 },
    ]);
    const sampled = sampleWindows(actions, 9, 2, createRandom(1)).map((window) => [...window]);
    assert.deepEqual(
      sampled.sort((a, b) => a.length - b.length),
      [[5], [9, 7]],
    );
    assert.equal(sampleWindows(actions, 1, 2, createRandom(1)).length, 1);
  });
});
