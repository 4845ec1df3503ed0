import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import { exactTopK } from '#algorithms/retrieval/exact.ts';
import { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import { row } from '#algorithms/vectors.ts';
import { SETTINGS } from '../../services/index/config.ts';
import { HnswGraph, SEED } from '../../services/index/graph/hnsw.ts';
import { Snapshots } from '../../services/index/snapshots/snapshots.ts';
import { readPurchases } from '../data/purchases.ts';
import type { Figures } from '../figures/figures.ts';
import { completejourneyEmbeddings } from '../vectors/embeddings.ts';
import { startPythonPeer } from './peer.ts';

const SERVED = {
  m: SETTINGS.m.fallback!,
  efConstruction: SETTINGS.efConstruction.fallback!,
  efSearch: SETTINGS.efSearch.fallback!,
};
const NEIGHBOURS = 10;
/** Each query also finds its own item. */
const K = NEIGHBOURS + 1;
const QUERIES = 2_000;
const ROUNDS = 31;
const noPause = (): undefined => undefined;

/** Neighbours of one query as rows, itself among them. */
type Neighbours = readonly number[];

interface Run {
  /** CPU time of all queries. */
  readonly seconds: number;
  readonly neighbours: readonly Neighbours[];
}

/** The two ways in which the same queries are answered. */
interface Turns {
  /** As rows and distances. */
  readonly ours: Run[];
  /** As the stage's response: objects with item id and score. */
  readonly oursAsItems: Run[];
  readonly theirs: Run[];
}

/**
 * The graph of the index on completejourney's vectors, searched from items as propose does from medoids: recall at 10
 * against exact search; queries a CPU second beside Python hnswlib with the same vectors, parameters, seed and
 * compiler flags; and the time that a snapshot saves at a start.
 *
 * Both sides get the queries as one float32 matrix that is filled before the clock starts, search all of them in one
 * call on one thread, and return arrays of neighbours and distances: `ratio` is that of the medians of CPU time over
 * alternating runs. `ratioAsItems` includes the creation of the response objects of the stage on our side, which
 * Python does not do.
 */
export async function measure(): Promise<Figures> {
  const { itemIds, vectors, dim } = await completejourneyEmbeddings(await readPurchases());
  const queryRows = drawRows(itemIds.length);
  const peer = await startPythonPeer('peer:hnswlib', 'hnswlib_search.py');
  try {
    const { seconds: peerBuildSeconds } = await peer.ask<{ seconds: number }>({
      vectors: Buffer.from(vectors.buffer).toString('base64'),
      dim,
      seed: SEED,
      ...SERVED,
    });
    const { graph, table, seconds: buildSeconds } = await build(itemIds, vectors, dim);
    const { ours, oursAsItems, theirs } = await searchInTurns(
      graph,
      table,
      gatherRows(vectors, queryRows, dim),
      () => peer.ask<Run>({ queryRows, k: K }),
    );
    const truth = queryRows.map((query) =>
      Array.from(exactTopK({ matrix: vectors, dim, query: row(vectors, query, dim), k: K }).rows),
    );
    const rate = (runs: readonly Run[]) =>
      QUERIES /
      quantile(
        runs.map(({ seconds }) => seconds),
        0.5,
      );
    return {
      recallAt10: recallOf(ours[0]!, truth, queryRows),
      ratio: rate(ours) / rate(theirs),
      ratioAsItems: rate(oursAsItems) / rate(theirs),
      queriesACpuSecond: { ours: rate(ours), oursAsItems: rate(oursAsItems), python: rate(theirs) },
      recallOfPython: recallOf(theirs[0]!, truth, queryRows),
      startSeconds: await compareStarts(table),
      buildCpuSeconds: { ours: buildSeconds, python: peerBuildSeconds },
      setting: { items: itemIds.length, dim, ...SERVED },
    };
  } finally {
    await peer.stop();
  }
}

function drawRows(count: number): number[] {
  const random = createRandom('index-queries');
  return Array.from({ length: QUERIES }, () => random.integer(count));
}

/** Wall time to a searchable graph: built, and read from its snapshot. */
async function compareStarts(
  table: VectorTable,
): Promise<{ built: number; written: number; restored: number }> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-index-'));
  const snapshots = new Snapshots({ directory, parameters: SERVED, log: pino({ level: 'warn' }) });
  const secondsOf = async (task: () => Promise<unknown>): Promise<number> => {
    const started = performance.now();
    await task();
    return (performance.now() - started) / 1_000;
  };
  try {
    const graph = new HnswGraph(table, SERVED, () => true);
    const built = await secondsOf(() => graph.build(noPause));
    // What was measured of the graph does not change how long it takes to read.
    const quality = { recallAt10: 1, efSearch: SERVED.efConstruction };
    const written = await secondsOf(() => snapshots.save('bench', table, { graph, quality }, undefined));
    const again = new HnswGraph(table, SERVED, () => true);
    const restored = await secondsOf(async () => {
      if (!(await snapshots.restore('bench', table, again))) throw new Error('the snapshot was rejected');
      await again.build(noPause);
    });
    return { built, written, restored };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function build(itemIds: readonly string[], vectors: Float32Array, dim: number) {
  const table = new VectorTable(dim, itemIds.length);
  itemIds.forEach((itemId, i) => void table.set(itemId, row(vectors, i, dim)));
  const graph = new HnswGraph(table, SERVED, () => true);
  const started = process.cpuUsage();
  await graph.build(noPause);
  graph.setEfSearch(SERVED.efSearch);
  return { graph, table, seconds: cpuSecondsSince(started) };
}

/** One run of each for warm-up. */
async function searchInTurns(
  graph: HnswGraph,
  table: VectorTable,
  queries: Float32Array,
  searchTheirs: () => Promise<Run>,
): Promise<Turns> {
  const turns: Turns = { ours: [], oursAsItems: [], theirs: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const ours = searchAsRows(graph, queries);
    const oursAsItems = searchAsItems(graph, table, queries);
    const theirs = await searchTheirs();
    if (round === 0) continue;
    turns.ours.push(ours);
    turns.oursAsItems.push(oursAsItems);
    turns.theirs.push(theirs);
  }
  return turns;
}

function searchAsRows(graph: HnswGraph, queries: Float32Array): Run {
  const started = process.cpuUsage();
  const { rows, counts } = graph.searchRows(queries, K);
  const seconds = cpuSecondsSince(started);
  const neighbours = Array.from(counts, (count, query) => [...rows.subarray(query * K, query * K + count)]);
  return { seconds, neighbours };
}

function searchAsItems(graph: HnswGraph, table: VectorTable, queries: Float32Array): Run {
  const started = process.cpuUsage();
  const found = graph.searchBatch(queries, K);
  const seconds = cpuSecondsSince(started);
  return { seconds, neighbours: found.map((near) => near.map(({ itemId }) => table.rowOf(itemId)!)) };
}

function gatherRows(matrix: Float32Array, rows: readonly number[], dim: number): Float32Array {
  const gathered = new Float32Array(rows.length * dim);
  rows.forEach((from, to) => void gathered.set(row(matrix, from, dim), to * dim));
  return gathered;
}

/** Share of the true neighbours, without the item itself, that were found. */
function recallOf({ neighbours }: Run, truth: readonly Neighbours[], queryRows: readonly number[]): number {
  let hits = 0;
  queryRows.forEach((query, i) => {
    const found = new Set(neighbours[i]);
    hits += truth[i]!.filter((near) => near !== query && found.has(near)).length;
  });
  return hits / (queryRows.length * NEIGHBOURS);
}

function cpuSecondsSince(started: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}
