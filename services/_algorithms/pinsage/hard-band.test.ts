import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { type Edge, graphOf } from './graph.testing.ts';
import { fitHardBand, LEAST_FULL_SHARE } from './hard-band.ts';
import { createHardNegatives } from './negatives.ts';

const OPTIONS = { fromShare: 0.01, toShare: 0.05, size: 32, steps: 400, restart: 0.2 };

/** Items in contexts of `each` items that lie near one another, so that walks spread slowly, as in a real catalogue. */
function catalogue(itemCount: number, contexts: number, each: number) {
  const random = createRandom('catalogue');
  const edges: Edge[] = [];
  for (let context = 0; context < contexts; context++) {
    const centre = random.integer(itemCount);
    for (let i = 0; i < each; i++) {
      const isNear = random.next() < 0.8;
      edges.push([
        isNear ? (centre + random.integer(200)) % itemCount : random.integer(itemCount),
        context,
        1,
      ]);
    }
  }
  return graphOf(itemCount, edges);
}

const queriesOf = (itemCount: number, count: number) =>
  Int32Array.from({ length: count }, (_, i) => (i * 7_919) % itemCount);

describe('the band of hard negatives', () => {
  it('nine of ten queries have a full band in a catalogue of 30,000 items, where walks of before reached none of it', () => {
    const itemCount = 30_000;
    const graph = catalogue(itemCount, 40_000, 8);
    const queries = queriesOf(itemCount, 200);
    const before = createHardNegatives(graph, OPTIONS, createRandom('hard'));
    const full = queries.filter((item) => before.candidatesOf(item).length === OPTIONS.size).length;
    assert.ok(full < 0.1 * queries.length, `${full} of ${queries.length} were full`);
    const band = fitHardBand(graph, queries, OPTIONS, createRandom('fit'));
    assert.ok(band.fullShare >= LEAST_FULL_SHARE);
    assert.ok(band.first > 0 && band.first <= 300 && band.end === 1_500);
    const { first, steps } = band;
    const hard = createHardNegatives(graph, { ...OPTIONS, first, steps }, createRandom('hard'));
    // Other queries, and other walks.
    const others = queriesOf(itemCount, 600).subarray(200);
    const filled = others.filter((item) => hard.candidatesOf(item).length === OPTIONS.size).length;
    assert.ok(filled >= (LEAST_FULL_SHARE - 0.05) * others.length, `${filled} of ${others.length}`);
  });

  it('a band that walks reach stays the configured one', () => {
    const graph = catalogue(3_000, 12_000, 8);
    const band = fitHardBand(graph, queriesOf(3_000, 100), OPTIONS, createRandom('fit'));
    assert.deepEqual(band, { first: 30, end: 150, steps: 400, size: 32, fullShare: 1 });
  });

  it('a small catalogue has a band as wide as its share, and is full with that', () => {
    const graph = catalogue(60, 300, 4);
    const band = fitHardBand(graph, queriesOf(60, 60), OPTIONS, createRandom('fit'));
    assert.deepEqual([band.first, band.end, band.size, band.fullShare], [0, 3, 3, 1]);
  });

  it('contexts of one item leave the band empty, and so do no queries at all', () => {
    const edges = Array.from({ length: 100 }, (_, item): Edge => [item, item, 1]);
    const graph = graphOf(100, edges);
    assert.equal(fitHardBand(graph, queriesOf(100, 50), OPTIONS, createRandom(1)).fullShare, 0);
    assert.equal(fitHardBand(graph, new Int32Array(0), OPTIONS, createRandom(1)).fullShare, 0);
  });
});
