import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import type { Logger } from 'pino';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { HnswGraph, HnswParameters } from '../graph/hnsw.ts';
import type { GraphQuality } from '../graph/recall.ts';

/** Raised with every change of the files' meaning; a snapshot of a different version is not read. */
export const FORMAT_VERSION = 1;

const FOLDER = 'generation-';
const PARTIAL = '.partial-';
const GRAPH_FILE = 'graph.hnsw';
const LABELS_FILE = 'labels';
const MANIFEST_FILE = 'manifest';
/** Where a larger share of the vectors has changed, a new graph is better and takes hardly longer. */
const CHANGED_SHARE_LIMIT = 0.1;
/** Where a larger share of the vectors, or of what may be found, has changed, the recall of before says nothing. */
const SAME_RECALL_SHARE = 0.01;

/** What was measured of a graph before it was saved. */
export type SavedQuality = Pick<GraphQuality, 'recallAt10' | 'efSearch'>;

interface Manifest {
  readonly formatVersion: number;
  readonly generation: string;
  readonly dimension: number;
  readonly parameters: HnswParameters;
  readonly itemCount: number;
  /** Missing in snapshots of earlier versions. */
  readonly quality?: SavedQuality;
  /** SHA-256 of the other files, in hex. */
  readonly checksums: Readonly<Record<typeof GRAPH_FILE | typeof LABELS_FILE, string>>;
}

/** Lists by label. */
interface Labels {
  /** null for a label whose item had been withdrawn before the save. */
  readonly itemIds: readonly (string | null)[];
  /** CRC-32 of the bytes of each vector. */
  readonly vectors: readonly number[];
  readonly hidden: readonly number[];
}

/**
 * Graphs on disk, so that a restart need not build them. They are a cache, which may be emptied at any time. A generation
 * has one folder, which is renamed into place when it is complete. The directory belongs to one process.
 */
export class Snapshots {
  readonly #directory: string;
  readonly #parameters: HnswParameters;
  readonly #log: Logger;

  constructor({
    directory,
    parameters,
    log,
  }: { directory: string; parameters: HnswParameters; log: Logger }) {
    this.#directory = directory;
    this.#parameters = parameters;
    this.#log = log;
  }

  /**
   * Brings an unbuilt graph to the state that was saved; rows that have changed since are left to `build`.
   * @returns undefined where there is no snapshot or it does not fit: the reason is logged and the graph stays unbuilt; else the quality, if it
   *   is known and nearly all vectors are still the same and may still be found or not
   */
  async restore(
    generation: string,
    table: VectorTable,
    graph: HnswGraph,
  ): Promise<{ readonly quality: SavedQuality | undefined } | undefined> {
    try {
      const folder = this.#folderOf(generation);
      const manifest = await readJson<Manifest>(join(folder, MANIFEST_FILE));
      refuseUnless(manifest.formatVersion === FORMAT_VERSION, `format version ${manifest.formatVersion}`);
      refuseUnless(manifest.generation === generation, `it is of generation ${manifest.generation}`);
      refuseUnless(manifest.dimension === table.dimension, `dimension ${manifest.dimension}`);
      refuseUnless(
        manifest.parameters.m === this.#parameters.m &&
          manifest.parameters.efConstruction === this.#parameters.efConstruction,
        'it was built with other parameters',
      );
      for (const name of [GRAPH_FILE, LABELS_FILE] as const) {
        const checksum = await sha256(join(folder, name));
        refuseUnless(checksum === manifest.checksums[name], `the checksum of ${name} is wrong`);
      }
      const labels = await readJson<Labels>(join(folder, LABELS_FILE));
      refuseUnless(labels.itemIds.length === manifest.itemCount, 'the number of items differs');
      const { rows, changed, differing } = compare(labels, table);
      const state = { rows, hidden: labels.hidden };
      const otherwiseVisible = await graph.restore(join(folder, GRAPH_FILE), state, changed);
      const isSame = differing + otherwiseVisible <= SAME_RECALL_SHARE * rows.length;
      return { quality: isSame ? usable(manifest.quality) : undefined };
    } catch (error) {
      if (!isMissing(error)) this.#log.warn({ generation, err: error }, 'snapshot ignored');
      return undefined;
    }
  }

  /** Writes a built graph and removes all other snapshots but that of `keep`. A failure is logged and not thrown. */
  async save(
    generation: string,
    table: VectorTable,
    { graph, quality: { recallAt10, efSearch } }: { graph: HnswGraph; quality: SavedQuality },
    keep: string | undefined,
  ): Promise<void> {
    try {
      await mkdir(this.#directory, { recursive: true });
      await this.#removeAllBut([generation, keep]);
      const partial = await mkdtemp(join(this.#directory, PARTIAL));
      const vectorsBefore = checksumsOf(table);
      const { rows, hidden } = await graph.save(join(partial, GRAPH_FILE));
      const labels: Labels = {
        itemIds: rows.map((row) => (row === undefined ? null : table.idAt(row)!)),
        vectors: rows.map((row) => (row === undefined ? 0 : vectorsBefore[row]!)),
        hidden,
      };
      await writeFile(join(partial, LABELS_FILE), JSON.stringify(labels));
      const manifest: Manifest = {
        formatVersion: FORMAT_VERSION,
        generation,
        dimension: table.dimension,
        parameters: this.#parameters,
        itemCount: rows.length,
        quality: { recallAt10, efSearch },
        checksums: {
          [GRAPH_FILE]: await sha256(join(partial, GRAPH_FILE)),
          [LABELS_FILE]: await sha256(join(partial, LABELS_FILE)),
        },
      };
      await writeFile(join(partial, MANIFEST_FILE), JSON.stringify(manifest));
      const folder = this.#folderOf(generation);
      await rm(folder, { recursive: true, force: true });
      await rename(partial, folder);
    } catch (error) {
      this.#log.warn({ generation, err: error }, 'snapshot not written');
    }
  }

  async #removeAllBut(generations: readonly (string | undefined)[]): Promise<void> {
    const kept = new Set(generations.map((id) => id !== undefined && folderName(id)));
    for (const name of await readdir(this.#directory)) {
      const isOurs = name.startsWith(PARTIAL) || name.startsWith(FOLDER);
      if (isOurs && !kept.has(name)) await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  #folderOf(generation: string): string {
    return join(this.#directory, folderName(generation));
  }
}

/** One name inside the directory, whatever characters the name of the generation has. */
function folderName(generation: string): string {
  return FOLDER + encodeURIComponent(generation);
}

/** The rows of the saved items in a table, those of them whose vector has changed since, and the number of vectors that differ. */
function compare(
  { itemIds, vectors }: Labels,
  table: VectorTable,
): { rows: (number | undefined)[]; changed: Set<number>; differing: number } {
  const rows = itemIds.map((itemId) => (itemId === null ? undefined : table.rowOf(itemId)));
  const changed = new Set<number>();
  let same = 0;
  rows.forEach((row, label) => {
    if (row === undefined) return;
    if (checksumOf(table.at(row)) === vectors[label]) same += 1;
    else changed.add(row);
  });
  // Rows that share the vector of a label are not listed, and cost nothing to link.
  const listed = new Set(rows);
  const saved = new Set(vectors);
  for (let row = 0; row < table.size; row++) {
    if (!listed.has(row) && saved.has(checksumOf(table.at(row)))) same += 1;
  }
  const largest = Math.max(rows.length, table.size);
  refuseUnless(same >= largest * (1 - CHANGED_SHARE_LIMIT), `${largest - same} of ${largest} vectors differ`);
  return { rows, changed, differing: largest - same };
}

/** Checksums of all vectors, by row. */
function checksumsOf(table: VectorTable): number[] {
  return Array.from({ length: table.size }, (_, row) => checksumOf(table.at(row)));
}

function checksumOf({ buffer, byteOffset, byteLength }: Float32Array): number {
  return crc32(new Uint8Array(buffer, byteOffset, byteLength));
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

function refuseUnless(isFit: boolean, reason: string): void {
  if (!isFit) throw new Error(reason);
}

/** A quality with numbers that a graph can have; undefined for another, which is measured again. */
function usable(quality: SavedQuality | undefined): SavedQuality | undefined {
  const { recallAt10 = Number.NaN, efSearch = 0 } = quality ?? {};
  const isUsable = recallAt10 >= 0 && recallAt10 <= 1 && Number.isInteger(efSearch) && efSearch > 0;
  return isUsable ? quality : undefined;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
