import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import { BinaryReader, BinaryWriter } from '#algorithms/binary.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { Artefact, ArtefactFormat } from './artefact.ts';

/** Name of the artefact that holds the factors of the users' behaviour: retrain writes it, propose reads it. */
export const BEHAVIOUR = 'behaviour';

export interface NamedFactors {
  /** Item id by number of the factors. */
  readonly itemIds: readonly string[];
  readonly factors: BehaviourFactors;
}

export const BEHAVIOUR_FORMAT: ArtefactFormat<NamedFactors> = {
  model: BEHAVIOUR,
  format: 'tributary.behaviour/1',
  decode: ({ bytes }) => decodeFactors(bytes),
};

/** @param trainedUpTo event time of the newest action of the training, ms; null where that is not known */
export function behaviourArtefact(
  generation: string,
  model: NamedFactors,
  trainedUpTo: number | null,
): Artefact {
  return {
    model: BEHAVIOUR,
    generation,
    format: BEHAVIOUR_FORMAT.format,
    bytes: encodeFactors(model),
    card: JSON.stringify({ rank: model.factors.rank, items: model.itemIds.length }),
    requires: [],
    trainedUpTo,
  };
}

const LENGTH_BYTES = 4;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** The length of the head, the head (rank and ids), then units, fold and offer as little-endian float32. */
function encodeFactors({ itemIds, factors: { rank, units, fold, offer } }: NamedFactors): Buffer {
  const writer = new BinaryWriter();
  writer.varint(rank);
  writer.varint(itemIds.length);
  for (const itemId of itemIds) writer.string(itemId);
  const head = writer.finish();
  const numbers = [units, fold, offer].flatMap((array) => Array.from(array));
  const bytes = Buffer.alloc(LENGTH_BYTES + head.length + numbers.length * FLOAT_BYTES);
  bytes.writeUInt32LE(head.length, 0);
  bytes.set(head, LENGTH_BYTES);
  const start = LENGTH_BYTES + head.length;
  numbers.forEach((number, place) => void bytes.writeFloatLE(number, start + place * FLOAT_BYTES));
  return bytes;
}

/** @throws BinaryFormatError, RangeError or VectorError if the bytes are malformed */
function decodeFactors(bytes: Buffer): NamedFactors {
  if (bytes.length < LENGTH_BYTES) throw new RangeError('the factors of behaviour are truncated');
  const start = LENGTH_BYTES + bytes.readUInt32LE(0);
  const reader = new BinaryReader(bytes.subarray(LENGTH_BYTES, start), 'the factors of behaviour');
  const rank = reader.varint();
  const count = reader.varint();
  const itemIds = Array.from({ length: count }, () => reader.string());
  reader.end();
  const total = count * (rank + 2);
  if (bytes.length !== start + total * FLOAT_BYTES)
    throw new RangeError(`the factors of behaviour hold ${bytes.length - start} bytes for ${total} numbers`);
  const numbers = decodeVector(bytes.subarray(start), total, 'the array of factors of behaviour');
  const units = numbers.subarray(0, count * rank);
  const fold = Float64Array.from(numbers.subarray(count * rank, count * (rank + 1)));
  const offer = Float64Array.from(numbers.subarray(count * (rank + 1)));
  return { itemIds, factors: { rank, units, fold, offer } };
}
