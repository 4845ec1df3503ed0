/** The candidates of a slate in the topic `candidates`. */
import type { Fault } from '../fault.ts';
import type { CandidateSet } from '../generated/records.ts';
import { keyFault, type Logged } from './logged.ts';

const BYTES = 8;

/** Returns the bytes of a table of features: float64 little-endian, whatever the machine. */
export function encodeFeatures(values: Float64Array): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * BYTES);
  for (let i = 0; i < values.length; i++) bytes.writeDoubleLE(values[i]!, i * BYTES);
  return bytes;
}

/** The features of a set without a fault, rows × names. */
export function decodeFeatures({ features }: Pick<CandidateSet, 'features'>): Float64Array {
  const bytes = Buffer.from(features.buffer, features.byteOffset, features.byteLength);
  return Float64Array.from({ length: bytes.length / BYTES }, (_, i) => bytes.readDoubleLE(i * BYTES));
}

/** Returns why nothing can be chosen from the set; undefined if something can. */
export function candidateSetFault({
  value,
  key,
}: Pick<Logged<CandidateSet>, 'value' | 'key'>): Fault | undefined {
  const { userId, size, itemIds, featureNames, features, rewardOffsets } = value;
  const inKey = keyFault(userId, key);
  if (inKey !== undefined) return inKey;
  if (!(size >= 1)) return invalid('size', `is ${size}; it must be at least 1`);
  if (new Set(itemIds).size !== itemIds.length) return invalid('itemIds', 'has an item twice');
  const wanted = itemIds.length * featureNames.length * BYTES;
  if (features.length !== wanted) return invalid('features', `has ${features.length} bytes, not ${wanted}`);
  if (!decodeFeatures(value).every(Number.isFinite))
    return invalid('features', 'has a number that is not finite');
  if (!rewardOffsets.every((offset) => Number.isSafeInteger(offset) && offset >= -1))
    return invalid('rewardOffsets', 'has a number that is no offset');
  return undefined;
}

function invalid(field: string, reason: string): Fault {
  return { code: 'field.invalid', field, reason };
}
