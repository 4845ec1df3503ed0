import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { row } from '#algorithms/vectors.ts';
import type { Artefact, ArtefactFormat } from '#artefacts/artefact.ts';
import type { DecodedArtefacts } from '#artefacts/decoded.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import type { ItemNeighbours } from '../graph/live-neighbourhoods.ts';
import { PINSAGE } from './pinsage-model.ts';

/** Name of the artefact that holds the latents of trained items, which new items pool. */
export const PINSAGE_LATENTS = 'pinsage-latents';

/** Places, latents and neighbourhoods of the n trained items of a generation: the inputs of their embeddings beside their content. */
export interface LatentTable {
  readonly itemIds: readonly string[];
  /** n × structure: the leading features, which say where an item lies in the graph of users. */
  readonly places: Float32Array;
  /** n × hidden for each convolution: the latents that the items with this neighbour pool. */
  readonly latents: readonly Float32Array[];
  readonly neighbourhoods: Neighbourhoods;
}

/** Place and neighbourhood of one trained item. */
export interface TrainedItem extends ItemNeighbours {
  readonly place: Float32Array;
}

/** The latents that the log holds, by generation. */
export type Latents = Pick<DecodedArtefacts<TrainedLatents>, 'get'>;

export const PINSAGE_LATENTS_FORMAT: ArtefactFormat<TrainedLatents> = {
  model: PINSAGE_LATENTS,
  format: 'tributary.pinsage-latents/1',
  decode: ({ bytes }) => new TrainedLatents(decodeTable(bytes)),
};

/** A table of latents by item, in 4 · (structure + layers · hidden + 2 · T) bytes an item, beside the ids. */
export class TrainedLatents {
  readonly #table: LatentTable;
  readonly #numbers: ReadonlyMap<string, number>;

  constructor(table: LatentTable) {
    this.#table = table;
    this.#numbers = new Map(table.itemIds.map((itemId, item) => [itemId, item]));
  }

  /** The latents of an item, by convolution, which the items with this neighbour pool; undefined if it was not trained. */
  of(itemId: string): readonly Float32Array[] | undefined {
    const item = this.#numbers.get(itemId);
    if (item === undefined) return undefined;
    const { latents, itemIds } = this.#table;
    return latents.map((layer) => row(layer, item, layer.length / itemIds.length));
  }

  trained(itemId: string): TrainedItem | undefined {
    const item = this.#numbers.get(itemId);
    if (item === undefined) return undefined;
    const { itemIds, places, neighbourhoods } = this.#table;
    const { size, neighbours, weights } = neighbourhoods;
    const entries = neighbours.subarray(item * size, (item + 1) * size);
    const missing = entries.indexOf(-1);
    const known = missing < 0 ? entries : entries.subarray(0, missing);
    return {
      place: row(places, item, places.length / itemIds.length),
      itemIds: Array.from(known, (neighbour) => itemIds[neighbour]!),
      importance: weights.subarray(item * size, item * size + known.length),
    };
  }
}

/** @param trainedUpTo event time of the newest action of the training, ms; null if it is not known */
export function latentsArtefact(
  generation: string,
  table: LatentTable,
  trainedUpTo: number | null,
): Artefact {
  return {
    model: PINSAGE_LATENTS,
    generation,
    format: PINSAGE_LATENTS_FORMAT.format,
    bytes: encodeTable(table),
    card: '',
    requires: [{ model: PINSAGE, generation }],
    trainedUpTo,
  };
}

const HEADER = ['items', 'layers', 'hidden', 'structure', 'neighbours'] as const;
const NUMBER_BYTES = 4;

/**
 * Little-endian: the widths of `HEADER`, the length of each id in bytes, the numbers of the neighbours, all as int32;
 * as float32 the places, the latents of each convolution and the importances of the neighbours; the ids as UTF-8.
 */
function encodeTable({ itemIds, places, latents, neighbourhoods }: LatentTable): Buffer {
  const { size, neighbours, weights } = neighbourhoods;
  const count = Math.max(1, itemIds.length);
  const header = [
    itemIds.length,
    latents.length,
    (latents[0]?.length ?? 0) / count,
    places.length / count,
    size,
  ];
  const ids = itemIds.map((itemId) => Buffer.from(itemId));
  const lengths = ids.map(({ length }) => length);
  return Buffer.concat([
    ...[header, lengths, neighbours].map(encodeIntegers),
    ...[places, ...latents, weights].map((floats) => encodeVector(floats)),
    ...ids,
  ]);
}

/** @throws RangeError or VectorError if the bytes are malformed */
function decodeTable(bytes: Buffer): LatentTable {
  let at = 0;
  const next = (length: number): Buffer => {
    at += length;
    if (length < 0 || at > bytes.length) throw new RangeError(`the latents end before byte ${at}`);
    return bytes.subarray(at - length, at);
  };
  const integers = (length: number) => decodeIntegers(next(length * NUMBER_BYTES));
  const floats = (length: number, field: string) => decodeVector(next(length * NUMBER_BYTES), length, field);
  const header = integers(HEADER.length);
  if (header.some((width) => width < 0)) throw new RangeError('a width of the latents is negative');
  const [count, layers, hidden, structure, size] = [...header] as [number, number, number, number, number];
  const lengths = integers(count);
  const neighbours = integers(count * size);
  if (neighbours.some((neighbour) => neighbour < -1 || neighbour >= count))
    throw new RangeError('a neighbour is no item of the latents');
  const places = floats(count * structure, 'places');
  const latents = Array.from({ length: layers }, () => floats(count * hidden, 'latents'));
  const weights = floats(count * size, 'importances');
  const itemIds = Array.from(lengths, (length) => next(length).toString());
  if (at !== bytes.length) throw new RangeError(`the latents end at byte ${at} of ${bytes.length}`);
  return { itemIds, places, latents, neighbourhoods: { size, neighbours, weights } };
}

function encodeIntegers(integers: ArrayLike<number>): Buffer {
  const view = new DataView(new ArrayBuffer(integers.length * NUMBER_BYTES));
  for (let i = 0; i < integers.length; i++) view.setInt32(i * NUMBER_BYTES, integers[i]!, true);
  return Buffer.from(view.buffer);
}

function decodeIntegers(bytes: Buffer): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const integers = new Int32Array(bytes.length / NUMBER_BYTES);
  for (let i = 0; i < integers.length; i++) integers[i] = view.getInt32(i * NUMBER_BYTES, true);
  return integers;
}
