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
import { HnswGraph, SEED } from '../../services/index/hnsw.ts';
import { Snapshots } from '../../services/index/snapshots.ts';
import { completejourneyEmbeddings } from './embeddings.ts';
import type { Figures } from './figures.ts';
import { startPeer } from './peer.ts';
import { readPurchases } from './purchases.ts';

const SERVED = {
  m: SETTINGS.m.fallback!,
  efConstruction: SETTINGS.efConstruction.fallback!,
  efSearch: SETTINGS.efSearch.fallback!,
};
const NEIGHBOURS = 10;
/** An item finds itself as well. */
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

/**
 * The graph as the index serves it, on completejourney's vectors, searched from items as propose does from medoids:
 * recall at 10 against exact search, and queries a CPU second beside Python hnswlib with the same vectors, parameters,
 * seed and compiler flags, as the ratio of medians over alternating runs; and what a snapshot spares a start.
 */
export async function measure(): Promise<Figures> {
  const { itemIds, vectors, dim } = await completejourneyEmbeddings(await readPurchases());
  const queryRows = drawRows(itemIds.length);
  const peer = await startPeer('peer:hnswlib', 'hnswlib_search.py');
  try {
    const { seconds: peerBuildSeconds } = await peer.ask<{ seconds: number }>({
      vectors: Buffer.from(vectors.buffer).toString('base64'),
      dim,
      seed: SEED,
      ...SERVED,
    });
    const { graph, table, seconds: buildSeconds } = await build(itemIds, vectors, dim);
    const { ours, theirs } = await searchInTurns(
      () => searchOurs(graph, table, queryRows),
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
      queriesACpuSecond: { ours: rate(ours), python: rate(theirs) },
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

/** Wall time to a graph that can be searched: linked anew, and read from its snapshot. */
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
    const written = await secondsOf(() => snapshots.save('bench', table, graph, undefined));
    const again = new HnswGraph(table, SERVED, () => true);
    const restored = await secondsOf(async () => {
      if (!(await snapshots.restore('bench', table, again))) throw new Error('the snapshot was refused');
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

/** Each gets one run to warm up. */
async function searchInTurns(
  searchOurs: () => Run,
  searchTheirs: () => Promise<Run>,
): Promise<{ ours: Run[]; theirs: Run[] }> {
  const ours: Run[] = [];
  const theirs: Run[] = [];
  searchOurs();
  await searchTheirs();
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(searchOurs());
    theirs.push(await searchTheirs());
  }
  return { ours, theirs };
}

function searchOurs(graph: HnswGraph, table: VectorTable, queryRows: readonly number[]): Run {
  const started = process.cpuUsage();
  const found = queryRows.map((query) => graph.search(table.at(query), K));
  const seconds = cpuSecondsSince(started);
  return { seconds, neighbours: found.map((near) => near.map(({ itemId }) => table.rowOf(itemId)!)) };
}

/** Share of the true neighbours, beside the item itself, that were found. */
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
