import { type BinaryFormatError, BinaryReader, BinaryWriter } from '../binary.ts';
import type { Vector } from '../vectors.ts';
import type { ItemEvidence } from './evidence.ts';
import { CentroidSpace, type ForestLeaves } from './incremental-centroids.ts';
import { type Clustering, clusterLeaves } from './incremental-clustering.ts';
import { forestLabels, type MergeForest, replayMerges } from './incremental-forest.ts';
import { HASH_START, hashWords, leafDigestOf } from './leaf-digest.ts';

/**
 * The fingerprint of version 1 leaves out places and merges; those of 1 and 2 include all vectors, later ones their digests. Version 4
 * adds heights and medoids, so that a clustering is resumed without reading a vector.
 */
const VERSIONS = [1, 2, 3, 4] as const;
const FORMAT_VERSION = 4;

/**
 * Encodes a clustering beside its window: format version, a fingerprint of all that follows and of weights and vectors, the
 * number of leaves, the positions of liked items that are no leaf, the merges with their squared heights (float64), and the
 * medoid of each cluster. Items and weights are those of the window, vectors those of the generation.
 */
export function encodeClustering({ itemIds, forest, unknownPlaces, medoids }: Clustering): Uint8Array {
  const { leaves, left, right, squaredHeight } = forest;
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(fingerprint(partsOf(leaves), [unknownPlaces, left, right, wordsOf(squaredHeight), medoids]));
  writer.varint(itemIds.length);
  writer.varint(unknownPlaces.length);
  for (const place of unknownPlaces) writer.varint(place);
  writer.varint(left.length);
  for (let i = 0; i < left.length; i++) {
    writer.varint(left[i]!);
    writer.varint(right[i]!);
    writer.float64(squaredHeight[i]!);
  }
  for (const leaf of medoids) writer.varint(leaf);
  return writer.finish();
}

/** What the bytes contain. */
interface Encoded {
  readonly version: number;
  readonly fingerprint: number;
  /** Number of leaves. */
  readonly count: number;
  readonly unknownPlaces: readonly number[];
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Empty before version 4. */
  readonly squaredHeight: Float64Array;
  readonly medoids: Int32Array;
  readonly fault: (problem: string) => BinaryFormatError;
}

/**
 * Decodes a clustering in O(n). Returns undefined if it was made of other leaves than these items have now: other
 * action weights, or a vector that was replaced or deleted; also if its bytes were changed. Throws BinaryFormatError for another version and for
 * malformed bytes.
 *
 * @param liked the window's liked items, ascending by id, as `likedItems` returns them
 */
export function decodeClustering(
  bytes: Uint8Array,
  liked: readonly ItemEvidence[],
  vectorOf: (itemId: string) => Vector | undefined,
): Clustering | undefined {
  const encoded = readEncoded(bytes, liked.length);
  if (encoded === undefined) return undefined;
  const { version, count, unknownPlaces, left, right, squaredHeight, medoids } = encoded;
  const unknown = new Set(unknownPlaces);
  const items = unknown.size === 0 ? liked : liked.filter((_, place) => !unknown.has(place));
  const leaves = items.length === count ? gatherKnown(items, vectorOf) : undefined;
  if (leaves === undefined) return undefined;
  const parts = version < 3 ? vectorPartsOf(leaves) : partsOf(leaves);
  const merges = version === 1 ? [] : [unknownPlaces, left, right];
  const lists = version < 4 ? merges : [...merges, wordsOf(squaredHeight), medoids];
  if (fingerprint(parts, lists) !== encoded.fingerprint) return undefined;
  const given = { itemIds: items.map(({ itemId }) => itemId), unknownPlaces };
  try {
    if (version < 4) return clusterLeaves({ ...given, forest: replayMerges(leaves, left, right, space) });
    const forest = checkMerges({ leaves, left, right, squaredHeight });
    const labels = forestLabels(forest);
    checkMedoids(medoids, labels);
    return { ...given, forest, labels, medoids };
  } catch (error) {
    if (error instanceof RangeError) throw encoded.fault(error.message);
    throw error;
  }
}

/** No replay outlives its call, so all share one workspace. */
const space = new CentroidSpace();

/** @returns undefined for more leaves than are possible now */
function readEncoded(bytes: Uint8Array, most: number): Encoded | undefined {
  const reader = new BinaryReader(bytes, 'clustering');
  const version = reader.version(...VERSIONS);
  const expected = reader.varint();
  const count = reader.varint();
  if (count > most) return undefined;
  const unknownPlaces = Array.from({ length: boundedCount(reader, most) }, () => reader.varint());
  const mergeCount = boundedCount(reader, count);
  const left = new Int32Array(mergeCount);
  const right = new Int32Array(mergeCount);
  const squaredHeight = new Float64Array(version < 4 ? 0 : mergeCount);
  for (let i = 0; i < mergeCount; i++) {
    left[i] = reader.varint();
    right[i] = reader.varint();
    if (version >= 4) squaredHeight[i] = reader.float64();
  }
  const medoids = new Int32Array(version < 4 ? 0 : count - mergeCount);
  for (let label = 0; label < medoids.length; label++) medoids[label] = reader.varint();
  reader.end();
  const fault = (problem: string) => reader.fault(problem);
  return { version, fingerprint: expected, count, unknownPlaces, left, right, squaredHeight, medoids, fault };
}

function boundedCount(reader: BinaryReader, maximum: number): number {
  const count = reader.varint();
  if (count > maximum) throw reader.fault(`${count} entries, but at most ${maximum} are possible`);
  return count;
}

/** @throws RangeError if a merge does not name two nodes that exist and were not merged before */
function checkMerges(forest: MergeForest): MergeForest {
  const { leaves, left, right } = forest;
  const count = leaves.weights.length;
  const isMerged = new Uint8Array(count + left.length);
  for (let i = 0; i < left.length; i++) {
    for (const node of [left[i]!, right[i]!]) {
      if (node >= count + i || isMerged[node] === 1)
        throw new RangeError(`Merge ${i} does not name two clusters`);
      isMerged[node] = 1;
    }
  }
  return forest;
}

/** @throws RangeError unless each cluster has a medoid of its own leaves */
function checkMedoids(medoids: Int32Array, labels: Int32Array): void {
  for (let label = 0; label < medoids.length; label++)
    if (labels[medoids[label]!] !== label)
      throw new RangeError(`Cluster ${label} does not contain its medoid`);
}

function gatherKnown(
  items: readonly ItemEvidence[],
  vectorOf: (itemId: string) => Vector | undefined,
): ForestLeaves | undefined {
  const vectors: Vector[] = [];
  const weights: number[] = [];
  const digests: number[] = [];
  for (const { itemId, size } of items) {
    const vector = vectorOf(itemId);
    if (vector === undefined || vector.length !== (vectors[0] ?? vector).length) return undefined;
    vectors.push(vector);
    weights.push(size);
    digests.push(leafDigestOf(vector));
  }
  return { vectors, weights, digests };
}

/** The words of weights, and the digests of vectors. */
function partsOf({
  weights,
  vectors,
  digests = vectors.map(leafDigestOf),
}: ForestLeaves): ArrayLike<number>[] {
  return [weights, digests];
}

/** The words of weights as float32, and those of all vectors. */
function vectorPartsOf({ weights, vectors }: ForestLeaves): ArrayLike<number>[] {
  return [Float32Array.from(weights), ...vectors].map(
    ({ buffer, byteOffset, length }) => new Uint32Array(buffer, byteOffset, length),
  );
}

function wordsOf({ buffer, byteOffset, length }: Float64Array): Uint32Array {
  return new Uint32Array(buffer, byteOffset, 2 * length);
}

/** FNV-1a over words, and lists of numbers with their lengths, 32 bits. */
function fingerprint(words: readonly ArrayLike<number>[], lists: readonly ArrayLike<number>[]): number {
  let hash = HASH_START;
  for (const part of words) hash = hashWords(hash, part);
  for (const list of lists) hash = hashWords(hashWords(hash, [list.length]), list);
  return hash >>> 0;
}
