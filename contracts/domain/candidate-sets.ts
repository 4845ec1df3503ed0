/** The candidates of a slate in the topic `candidates`. */
import type { Fault } from '../fault.ts';
import { float16Bits, fromFloat16Bits, roundToFloat16 } from '../float16.ts';
import type { CandidateSet } from '../generated/records.ts';
import { keyFault, type Logged } from './logged.ts';

/** Bytes of a feature that may be in a set. */
const [HALF, DOUBLE] = [2, 8];

/** What features are logged with: float16. */
export const FEATURE_BYTES = HALF;

/** Returns the table with the numbers that a set can hold; a policy that uses it can be replayed from the set to the bit. */
export function loggableFeatures(values: Float64Array): Float64Array {
  return values.map(roundToFloat16);
}

/** Returns the bytes of a table of features that a set can hold: float16 little-endian, whatever the machine. */
export function encodeFeatures(values: Float64Array): Buffer {
  const bytes = Buffer.allocUnsafe(values.length * HALF);
  for (let i = 0; i < values.length; i++) bytes.writeUInt16LE(float16Bits(values[i]!), i * HALF);
  return bytes;
}

/** The features of a set without a fault, rows × names. */
export function decodeFeatures({
  features,
  featureBytes,
}: Pick<CandidateSet, 'features' | 'featureBytes'>): Float64Array {
  const bytes = Buffer.from(features.buffer, features.byteOffset, features.byteLength);
  const of = (i: number): number =>
    featureBytes === HALF ? fromFloat16Bits(bytes.readUInt16LE(i * HALF)) : bytes.readDoubleLE(i * DOUBLE);
  return Float64Array.from({ length: Math.floor(bytes.length / featureBytes) }, (_, i) => of(i));
}

/** Returns why nothing can be chosen from the set; undefined if something can. */
export function candidateSetFault({
  value,
  key,
}: Pick<Logged<CandidateSet>, 'value' | 'key'>): Fault | undefined {
  const { userId, size, itemIds, featureNames, features, rewardOffsets, featureBytes, kinds, terms } = value;
  const inKey = keyFault(userId, key);
  if (inKey !== undefined) return inKey;
  if (!(size >= 1)) return invalid('size', `is ${size}; it must be at least 1`);
  if (new Set(itemIds).size !== itemIds.length) return invalid('itemIds', 'has an item twice');
  if (featureBytes !== HALF && featureBytes !== DOUBLE)
    return invalid('featureBytes', `is ${featureBytes}; it must be ${HALF} or ${DOUBLE}`);
  const wanted = itemIds.length * featureNames.length * featureBytes;
  if (features.length !== wanted) return invalid('features', `has ${features.length} bytes, not ${wanted}`);
  if (!decodeFeatures(value).every(Number.isFinite))
    return invalid('features', 'has a number that is not finite');
  if (!rewardOffsets.every((offset) => Number.isSafeInteger(offset) && offset >= -1))
    return invalid('rewardOffsets', 'has a number that is no offset');
  for (const [field, list] of [
    ['kinds', kinds],
    ['terms', terms],
  ] as const)
    if (list.length > 0 && list.length !== itemIds.length)
      return invalid(field, `has ${list.length} entries for ${itemIds.length} items`);
  if (!kinds.every((kind) => kind >= -1 && kind < itemIds.length))
    return invalid('kinds', 'has a number that is no kind');
  return undefined;
}

function invalid(field: string, reason: string): Fault {
  return { code: 'field.invalid', field, reason };
}
