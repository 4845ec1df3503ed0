import { BinaryReader, BinaryWriter } from '../binary.ts';
import type { Vector } from '../vectors.ts';
import type { ItemEvidence } from './evidence.ts';
import { CentroidSpace, type ForestLeaves } from './incremental-centroids.ts';
import { type Clustering, clusterLeaves } from './incremental-clustering.ts';
import { replayMerges } from './incremental-forest.ts';
import { HASH_START, hashWords, leafDigestOf } from './leaf-digest.ts';

/** The fingerprint of version 1 leaves out places and merges; those of 1 and 2 include all vectors, later ones their digests. */
const VERSIONS = [1, 2, 3] as const;
const FORMAT_VERSION = 3;

/**
 * Encodes a clustering beside its window: format version, a fingerprint of all that follows and of weights and vectors, the
 * number of leaves, the positions of liked items that are no leaf, and the merges. Items and weights are those of the window, vectors
 * those of the generation, and heights follow from both.
 */
export function encodeClustering({
  itemIds,
  forest: { leaves, left, right },
  unknownPlaces,
}: Clustering): Uint8Array {
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(fingerprint(partsOf(leaves), [unknownPlaces, left, right]));
  writer.varint(itemIds.length);
  writer.varint(unknownPlaces.length);
  for (const place of unknownPlaces) writer.varint(place);
  writer.varint(left.length);
  left.forEach((node, i) => {
    writer.varint(node);
    writer.varint(right[i]!);
  });
  return writer.finish();
}

/**
 * Decodes a clustering in O(n·dim). Returns undefined if it was made of other leaves than these items have now: other
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
  const reader = new BinaryReader(bytes, 'clustering');
  const version = reader.version(...VERSIONS);
  const expected = reader.varint();
  const count = reader.varint();
  const unknownPlaces = Array.from({ length: boundedCount(reader, liked.length) }, () => reader.varint());
  const mergeCount = boundedCount(reader, count);
  const left = new Int32Array(mergeCount);
  const right = new Int32Array(mergeCount);
  for (let i = 0; i < mergeCount; i++) {
    left[i] = reader.varint();
    right[i] = reader.varint();
  }
  reader.end();

  const unknown = new Set(unknownPlaces);
  const items = liked.filter((_, place) => !unknown.has(place));
  const leaves = items.length === count ? gatherKnown(items, vectorOf) : undefined;
  const lists = version === 1 ? [] : [unknownPlaces, left, right];
  if (leaves === undefined) return undefined;
  const parts = version < 3 ? vectorPartsOf(leaves) : partsOf(leaves);
  if (fingerprint(parts, lists) !== expected) return undefined;
  try {
    const forest = replayMerges(leaves, left, right, space);
    return clusterLeaves({ itemIds: items.map(({ itemId }) => itemId), forest, unknownPlaces });
  } catch (error) {
    if (error instanceof RangeError) throw reader.fault(error.message);
    throw error;
  }
}

/** No replay outlives its call, so all share one workspace. */
const space = new CentroidSpace();

function boundedCount(reader: BinaryReader, maximum: number): number {
  const count = reader.varint();
  if (count > maximum) throw reader.fault(`${count} entries, but at most ${maximum} are possible`);
  return count;
}

function gatherKnown(
  items: readonly ItemEvidence[],
  vectorOf: (itemId: string) => Vector | undefined,
): ForestLeaves | undefined {
  const vectors: Vector[] = [];
  for (const { itemId } of items) {
    const vector = vectorOf(itemId);
    if (vector === undefined || vector.length !== (vectors[0] ?? vector).length) return undefined;
    vectors.push(vector);
  }
  return { vectors, weights: items.map(({ size }) => size), digests: vectors.map(leafDigestOf) };
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

/** FNV-1a over words, and lists of numbers with their lengths, 32 bits. */
function fingerprint(words: readonly ArrayLike<number>[], lists: readonly ArrayLike<number>[]): number {
  let hash = HASH_START;
  for (const part of words) hash = hashWords(hash, part);
  for (const list of lists) hash = hashWords(hashWords(hash, [list.length]), list);
  return hash >>> 0;
}
