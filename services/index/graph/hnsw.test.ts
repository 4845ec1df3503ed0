import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { exactTopK } from '#algorithms/retrieval/exact.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { HnswGraph, type HnswParameters } from './hnsw.ts';
import { createPacer } from './pacer.ts';
import { EF_SEARCH_LIMIT, reachRecall } from './recall.ts';

const PARAMETERS = { m: 16, efConstruction: 200 };
const noPause = (): undefined => undefined;
const unit = (...components: number[]): Float32Array => {
  const vector = Float32Array.from(components);
  normaliseInPlace(vector);
  return vector;
};

/** Unit vectors around a few centres, as items of a catalogue lie. */
function clusteredTable(count: number, dimension: number): VectorTable {
  const random = createRandom(7);
  const component = (): number => random.next() - 0.5;
  const centres = Array.from({ length: 20 }, () => Array.from({ length: dimension }, component));
  const table = new VectorTable(dimension);
  for (let item = 0; item < count; item++) {
    const centre = centres[item % centres.length]!;
    table.set(`item${item}`, unit(...centre.map((value) => value + 0.4 * component())));
  }
  return table;
}

describe('the graph', () => {
  it('the graph finds 97 % of the neighbours that an exact search finds', async () => {
    const table = clusteredTable(2_000, 32);
    const graph = new HnswGraph(table, PARAMETERS, () => true);
    await graph.build(noPause);
    graph.setEfSearch(64);
    let found = 0;
    for (let row = 0; row < 200; row++) {
      const query = table.at(row);
      const { rows } = exactTopK({ matrix: table.matrix(), dim: 32, query, k: 10 });
      const truth = new Set([...rows].map((near) => table.idAt(near)));
      found += graph.search(query, 10).filter(({ itemId }) => truth.has(itemId)).length;
    }
    assert.ok(found / 2_000 > 0.97, `recall ${found / 2_000}`);
  });

  it('efSearch is doubled until the graph reaches its recall, or to the limit', async () => {
    const table = clusteredTable(2_000, 32);
    const isVisible = (row: number) => row % 10 !== 0;
    const reach = async (parameters: HnswParameters, minimum: number) => {
      const graph = new HnswGraph(table, parameters, isVisible);
      await graph.build(noPause);
      return reachRecall({ graph, table, isVisible, minimum, efSearch: 8, pause: noPause });
    };
    const sparse = { m: 6, efConstruction: 16 };
    const narrow = await reach(sparse, 0);
    const wide = await reach(sparse, 0.95);
    assert.ok(narrow.efSearch === 8 && narrow.recallAt10 < 0.95, `recall ${narrow.recallAt10}`);
    assert.ok(wide.efSearch > 8 && wide.recallAt10 >= 0.95, `recall ${wide.recallAt10}`);
    const torn = await reach({ m: 2, efConstruction: 8 }, 0.95);
    assert.ok(torn.recallAt10 < 0.95, 'a graph in pieces stays below');
    assert.equal(torn.efSearch, EF_SEARCH_LIMIT);
  });

  it('a search answers with cosines, the highest first, and with fewer neighbours where there are fewer', async () => {
    const table = new VectorTable(2);
    table.set('east', unit(1, 0));
    table.set('north-east', unit(1, 1));
    table.set('north', unit(0, 1));
    const graph = new HnswGraph(table, PARAMETERS, () => true);
    await graph.build(noPause);
    const found = graph.search(unit(1, 0.1), 10);
    assert.deepEqual(
      found.map(({ itemId }) => itemId),
      ['east', 'north-east', 'north'],
    );
    assert.ok(Math.abs(found[1]!.score - 1.1 / Math.hypot(1, 0.1) / Math.SQRT2) < 1e-6);
  });

  it('a batch of queries is answered as each query alone', async () => {
    const table = clusteredTable(300, 8);
    const graph = new HnswGraph(table, PARAMETERS, (row) => row % 3 !== 0);
    const queries = table.matrix().slice(0, 20 * 8);
    const each = () => Array.from({ length: 20 }, (_, row) => graph.search(table.at(row), 7));
    assert.deepEqual(graph.searchBatch(queries, 7), each(), 'nothing before it is built');
    await graph.build(noPause);
    assert.deepEqual(graph.searchBatch(queries, 7), each());
    assert.deepEqual(graph.searchBatch(new Float32Array(0), 7), []);
    const { rows, distances, counts } = graph.searchRows(queries, 400);
    assert.deepEqual([...counts], new Array(20).fill(200), 'as many as can be found');
    const nearest = graph.search(table.at(19), 1)[0]!;
    assert.equal(table.idAt(rows[19 * 400]!), nearest.itemId);
    assert.equal(1 - distances[19 * 400]!, nearest.score);
  });

  it('a search refuses a query that is no vector of the space', async () => {
    const table = clusteredTable(30, 8);
    const graph = new HnswGraph(table, PARAMETERS, () => true);
    await graph.build(noPause);
    assert.throws(() => graph.search(new Float32Array(7), 3), RangeError);
    assert.throws(() => graph.search(new Float32Array(12), 3), RangeError);
    assert.throws(
      () => graph.search(table.at(0).with(5, Number.NaN), 3),
      /queries\[5\] must be a finite number/,
    );
  });

  it('the graph grows with new items and follows changed vectors', async () => {
    const all = clusteredTable(600, 16);
    const table = new VectorTable(16);
    table.set('item0', all.at(0));
    const graph = new HnswGraph(table, PARAMETERS, () => true);
    await graph.build(noPause);
    for (let item = 1; item < 600; item++) graph.put(table.set(`item${item}`, all.at(item)));
    assert.equal(graph.size, 600);
    const nearest = (query: Float32Array): string | undefined => graph.search(query, 1)[0]?.itemId;
    assert.equal(nearest(all.at(599)), 'item599');
    graph.put(table.set('item1', all.at(2)));
    graph.put(table.set('item2', all.at(1)));
    assert.deepEqual([nearest(all.at(1)), nearest(all.at(2))], ['item2', 'item1']);
    assert.equal(graph.size, 600, 'a changed vector is no new item');
  });

  it('the graph hides and shows items, and a changed vector does not reveal a hidden one', async () => {
    const table = new VectorTable(2);
    const hidden = new Set<number>([0]);
    table.set('a', unit(1, 0));
    table.set('b', unit(0, 1));
    const graph = new HnswGraph(table, PARAMETERS, (row) => !hidden.has(row));
    await graph.build(noPause);
    const ids = (): string[] => graph.search(unit(1, 0), 5).map(({ itemId }) => itemId);
    assert.deepEqual(ids(), ['b']);
    graph.put(table.set('a', unit(1, 0.1)));
    assert.deepEqual(ids(), ['b'], 'a changed vector does not reveal it');
    hidden.add(1);
    graph.refresh(1);
    graph.refresh(1);
    assert.deepEqual(ids(), []);
    assert.equal(graph.size, 0);
    hidden.clear();
    graph.refresh(0);
    graph.refresh(1);
    assert.deepEqual(ids(), ['a', 'b']);
  });

  it('rows that arrive during a build are linked at its end, and the event loop turns meanwhile', async () => {
    const table = clusteredTable(300, 8);
    const graph = new HnswGraph(table, PARAMETERS, () => true);
    let turns = 0;
    const building = graph.build(createPacer(0));
    const timer = setInterval(() => {
      turns += 1;
    }, 0);
    graph.put(table.set('late', unit(1, 0, 0, 0, 0, 0, 0, 0)));
    graph.put(table.set('item0', unit(0, 1, 0, 0, 0, 0, 0, 0)));
    await building;
    clearInterval(timer);
    assert.ok(turns > 0, 'the event loop turned during the build');
    assert.equal(graph.size, 301);
    assert.equal(graph.search(unit(1, 0, 0, 0, 0, 0, 0, 0), 1)[0]?.itemId, 'late');
    assert.equal(graph.search(unit(0, 1, 0, 0, 0, 0, 0, 0), 1)[0]?.itemId, 'item0');
  });

  it('a graph is saved in the state of one moment, and changes wait for the end of the save', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hnsw-'));
    const file = join(directory, 'graph');
    const table = clusteredTable(300, 8);
    const hidden = new Set<number>();
    const late = unit(1, 0, 0, 0, 0, 0, 0, 0);
    const create = () => new HnswGraph(table, PARAMETERS, (row) => !hidden.has(row));
    try {
      const graph = create();
      await graph.build(noPause);
      const saving = graph.save(file);
      hidden.add(3);
      graph.refresh(3);
      graph.put(table.set('late', late));
      assert.equal(graph.size, 300);
      const state = await saving;
      assert.equal(graph.size, 300, 'one more and one less');
      assert.equal(graph.search(late, 1)[0]?.itemId, 'late');
      assert.notEqual(graph.search(table.at(3), 1)[0]?.itemId, 'item3');

      assert.deepEqual([state.rows.length, state.hidden], [300, []]);
      const again = create();
      await again.restore(file, state, new Set());
      assert.equal(again.size, 299, 'visibility is checked again');
      await again.build(noPause);
      assert.equal(again.search(late, 1)[0]?.itemId, 'late', 'a row that is not in the file is linked');
      assert.equal(again.size, 300);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
