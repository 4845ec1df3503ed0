import assert from 'node:assert/strict';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { pino } from 'pino';
import { createRandom } from '#algorithms/random.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { HnswGraph, type HnswParameters } from '../graph/hnsw.ts';
import { FORMAT_VERSION, Snapshots } from './snapshots.ts';

const PARAMETERS = { m: 8, efConstruction: 100 };
const QUALITY = { recallAt10: 0.97, efSearch: 64 };
const DIMENSION = 8;
const COUNT = 200;
/** A snapshot of format version 1 as it was written when that version was new: `tableOf(GOLDEN_IDS)`, item1 hidden. */
const GOLDEN = new URL('./golden/version-1', import.meta.url).pathname;
const GOLDEN_IDS = ['item0', 'item1', 'item2', 'item3', 'item4'];
const IDS = Array.from({ length: COUNT }, (_, n) => `item${n}`);

/** The same vector for the same id, whatever the order. */
function tableOf(itemIds: readonly string[]): VectorTable {
  const table = new VectorTable(DIMENSION);
  for (const itemId of itemIds) table.set(itemId, vectorOf(itemId));
  return table;
}

function vectorOf(seed: string): Float32Array {
  const random = createRandom(seed);
  const vector = Float32Array.from({ length: DIMENSION }, () => random.normal());
  normaliseInPlace(vector);
  return vector;
}

function graphOf(table: VectorTable, hiddenIds: readonly string[] = []): HnswGraph {
  return new HnswGraph(table, PARAMETERS, (row) => !hiddenIds.includes(table.idAt(row)!));
}

async function build(graph: HnswGraph): Promise<HnswGraph> {
  await graph.build(() => undefined);
  graph.setEfSearch(COUNT);
  return graph;
}

describe('a snapshot', () => {
  let directory: string;
  let ignored: string[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'snapshots-'));
    ignored = [];
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  function snapshotsIn(folder: string, parameters: HnswParameters = PARAMETERS): Snapshots {
    const write = (line: string) => {
      const { err, msg } = JSON.parse(line) as { err: { message: string }; msg: string };
      ignored.push(`${msg}: ${err.message}`);
    };
    return new Snapshots({ directory: folder, parameters, log: pino({}, { write }) });
  }

  async function saveAll(generation = 'g1', hiddenIds: readonly string[] = []): Promise<HnswGraph> {
    const table = tableOf(IDS);
    const graph = await build(graphOf(table, hiddenIds));
    await snapshotsIn(directory).save(generation, table, { graph, quality: QUALITY }, undefined);
    return graph;
  }

  const pathOf = (file: string, generation = 'g1') => join(directory, `generation-${generation}`, file);

  it('a snapshot restores the graph that was saved, in whatever order the log brings the vectors', async () => {
    const saved = await saveAll('g1', ['item7', 'item8']);
    const table = tableOf(IDS.toReversed());
    const graph = graphOf(table, ['item8', 'item9']);
    assert.ok(await snapshotsIn(directory).restore('g1', table, graph));
    await build(graph);
    assert.deepEqual(ignored, []);
    assert.equal(graph.size, COUNT - 2);
    for (const query of IDS.map(vectorOf)) {
      const expected = saved.search(query, 12).filter(({ itemId }) => itemId !== 'item9');
      const found = graph.search(query, 12).filter(({ itemId }) => itemId !== 'item7');
      assert.deepEqual(found.slice(0, 11), expected.slice(0, 11));
    }
  });

  it('rows that changed, came or went after the save are left to the build', async () => {
    await saveAll();
    const table = tableOf([...IDS.slice(5), 'new']);
    table.set('item50', vectorOf('elsewhere'));
    const graph = graphOf(table);
    const restoring = snapshotsIn(directory).restore('g1', table, graph);
    table.set('item60', vectorOf('while it is read'));
    graph.put(table.rowOf('item60')!);
    assert.ok(await restoring);
    await build(graph);
    assert.equal(graph.size, COUNT - 4);
    const nearest = (seed: string) => graph.search(vectorOf(seed), 1)[0];
    assert.equal(nearest('new')?.itemId, 'new');
    assert.equal(nearest('elsewhere')?.itemId, 'item50');
    assert.equal(nearest('while it is read')?.itemId, 'item60');
    assert.ok(graph.search(vectorOf('item0'), COUNT).every(({ itemId }) => itemId !== 'item0'));
  });

  it('the recall of before is known where nearly all vectors are the same and as visible, if the snapshot holds a usable one', async () => {
    await saveAll();
    const qualityFor = async (table: VectorTable, hiddenIds: readonly string[] = []) =>
      (await snapshotsIn(directory).restore('g1', table, graphOf(table, hiddenIds)))!.quality;
    assert.deepEqual(await qualityFor(tableOf(IDS)), QUALITY);
    assert.deepEqual(await qualityFor(tableOf(IDS.slice(2))), QUALITY, 'two of 200 vectors have gone');
    assert.equal(await qualityFor(tableOf(IDS.slice(3))), undefined);
    assert.deepEqual(await qualityFor(tableOf(IDS), ['item7', 'item8']), QUALITY);
    assert.equal(
      await qualityFor(tableOf(IDS), ['item7', 'item8', 'item9']),
      undefined,
      'a hidden item changes the recall too',
    );

    const manifest = JSON.parse(readFileSync(pathOf('manifest'), 'utf8')) as object;
    const unusable = [undefined, {}, { recallAt10: 2, efSearch: 64 }, { recallAt10: 0.9, efSearch: 0.5 }];
    for (const quality of unusable) {
      writeFileSync(pathOf('manifest'), JSON.stringify({ ...manifest, quality }));
      assert.equal(await qualityFor(tableOf(IDS)), undefined, JSON.stringify(quality));
    }
    assert.deepEqual(ignored, []);
  });

  it('a snapshot that does not fit or is broken is ignored with a logged reason', async () => {
    await saveAll();
    const attempt = async (parameters = PARAMETERS, table = tableOf(IDS)) => {
      const graph = graphOf(table);
      assert.equal(await snapshotsIn(directory, parameters).restore('g1', table, graph), undefined);
      assert.equal((await build(graph)).size, table.size, 'the graph can still be built');
      return ignored.at(-1);
    };
    assert.match((await attempt({ ...PARAMETERS, m: 16 }))!, /ignored: it was built with other parameters/);
    assert.match((await attempt(PARAMETERS, tableOf(IDS.slice(30))))!, /30 of 200 vectors differ/);

    const graphFile = readFileSync(pathOf('graph.hnsw'));
    graphFile[graphFile.length >> 1]! ^= 1;
    writeFileSync(pathOf('graph.hnsw'), graphFile);
    assert.match((await attempt())!, /the checksum of graph.hnsw is wrong/);
    writeFileSync(pathOf('graph.hnsw'), graphFile.subarray(0, 100));
    assert.match((await attempt())!, /the checksum of graph.hnsw is wrong/);
    writeFileSync(pathOf('manifest'), '{"formatVersion"');
    assert.match((await attempt())!, /JSON/);
    writeFileSync(pathOf('manifest'), `{"formatVersion":${FORMAT_VERSION}}`);
    assert.match((await attempt())!, /generation undefined/);

    await saveAll('g2');
    cpSync(pathOf('', 'g2'), pathOf(''), { recursive: true });
    assert.match((await attempt())!, /it is of generation g2/);
  });

  it('a missing snapshot is not logged, and a failure to write one is logged and not thrown', async () => {
    const table = tableOf(IDS);
    assert.equal(await snapshotsIn(directory).restore('g1', table, graphOf(table)), undefined);
    assert.deepEqual(ignored, []);
    const file = join(directory, 'file');
    writeFileSync(file, '');
    await snapshotsIn(file).save(
      'g1',
      table,
      { graph: await build(graphOf(table)), quality: QUALITY },
      undefined,
    );
    assert.match(ignored[0]!, /snapshot not written/);
  });

  it('a save removes the snapshots of older generations and those that were never finished', async () => {
    mkdirSync(join(directory, '.partial-abandoned'));
    writeFileSync(join(directory, 'foreign'), '');
    await saveAll('g1');
    await saveAll('../g2');
    const table = tableOf(IDS);
    await snapshotsIn(directory).save(
      'g3',
      table,
      { graph: await build(graphOf(table)), quality: QUALITY },
      '../g2',
    );
    assert.deepEqual(readdirSync(directory).sort(), ['foreign', 'generation-..%2Fg2', 'generation-g3']);
    assert.ok(!existsSync(join(directory, '..', 'g2')));
  });

  it('a snapshot of format version 1 loads, and snapshots of unknown versions do not', async () => {
    cpSync(GOLDEN, directory, { recursive: true });
    const table = tableOf(GOLDEN_IDS);
    const graph = graphOf(table);
    assert.ok(await snapshotsIn(directory).restore('golden', table, graph), ignored[0]);
    await build(graph);
    const nearest = GOLDEN_IDS.map((itemId) => graph.search(vectorOf(itemId), 1)[0]?.itemId);
    assert.deepEqual(nearest, GOLDEN_IDS);

    const path = pathOf('manifest', 'golden');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as object;
    for (const formatVersion of [0, FORMAT_VERSION + 1]) {
      writeFileSync(path, JSON.stringify({ ...manifest, formatVersion }));
      assert.equal(await snapshotsIn(directory).restore('golden', table, graphOf(table)), undefined);
      assert.match(ignored.at(-1)!, new RegExp(`format version ${formatVersion}`));
    }
  });
});
