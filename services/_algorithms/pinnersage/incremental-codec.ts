import { BinaryReader, BinaryWriter } from '../binary.ts';
import type { Vector } from '../vectors.ts';
import { createCentroidSpace } from './incremental-centroids.ts';
import { forestLabels, replayMerges } from './incremental-forest.ts';
import type { Clustering } from './incremental-interests.ts';
import { type ItemEvidence, membersByLabel } from './interests.ts';
import { medoid } from './medoid.ts';
import type { WeightedPoints } from './points.ts';

const FORMAT_VERSION = 1;

/**
 * A clustering as bytes, beside the window that it belongs to: format version, a fingerprint of weights and vectors, the
 * number of leaves, the places of liked items that are no leaf, and the merges. Items and weights are the
 * window's, vectors those of the generation, and heights follow from both.
 */
export function encodeClustering({
  itemIds,
  forest: { leaves, left, right },
  unknownPlaces,
}: Clustering): Uint8Array {
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(fingerprint(leaves));
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
 * The clustering again, at O(n·dim); undefined where it was made of other leaves than these items have now: another
 * weighting of actions, or a vector that was replaced or withdrawn. Throws BinaryFormatError for another version and for
 * bytes that are no clustering.
 *
 * @param liked the window's liked items, ascending by id, as `likedItems` gives them
 */
export function decodeClustering(
  bytes: Uint8Array,
  liked: readonly ItemEvidence[],
  vectorOf: (itemId: string) => Vector | undefined,
): Clustering | undefined {
  const reader = new BinaryReader(bytes, 'clustering');
  reader.version(FORMAT_VERSION);
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
  const leaves = items.length === count ? stackKnown(items, vectorOf) : undefined;
  if (leaves === undefined || fingerprint(leaves) !== expected) return undefined;
  try {
    const forest = replayMerges(leaves, left, right, space);
    const labels = forestLabels(forest);
    const medoids = Int32Array.from(membersByLabel(labels), (members) => medoid(leaves, members));
    return { itemIds: items.map(({ itemId }) => itemId), forest, labels, medoids, unknownPlaces };
  } catch (error) {
    if (error instanceof RangeError) throw reader.fault(error.message);
    throw error;
  }
}

/** No replay outlasts its call, so all share one. */
const space = createCentroidSpace();

function boundedCount(reader: BinaryReader, maximum: number): number {
  const count = reader.varint();
  if (count > maximum) throw reader.fault(`${count} entries where ${maximum} are possible`);
  return count;
}

function stackKnown(
  items: readonly ItemEvidence[],
  vectorOf: (itemId: string) => Vector | undefined,
): WeightedPoints | undefined {
  const dim = vectorOf(items[0]?.itemId ?? '')?.length ?? 0;
  const points = new Float32Array(items.length * dim);
  for (const [i, { itemId }] of items.entries()) {
    const vector = vectorOf(itemId);
    if (vector === undefined || vector.length !== dim) return undefined;
    points.set(vector, i * dim);
  }
  return { points, weights: Float64Array.from(items, ({ size }) => size), dim };
}

/** FNV-1a over the words of weights and vectors, 32 bits. */
function fingerprint({ points, weights }: WeightedPoints): number {
  let hash = 0x811c9dc5;
  for (const word of words(Float32Array.from(weights))) hash = Math.imul(hash ^ word, 0x01000193);
  for (const word of words(points)) hash = Math.imul(hash ^ word, 0x01000193);
  return hash >>> 0;
}

function words({ buffer, byteOffset, byteLength }: Vector): Uint32Array {
  return new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT);
}
