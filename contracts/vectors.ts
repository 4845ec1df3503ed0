/** Vectors in bytes fields: float32 components, little-endian, nothing else. */
import { endianness } from 'node:os';
import { TributaryError } from './errors.ts';

const COMPONENT_BYTES = Float32Array.BYTES_PER_ELEMENT;
const SWAPPED = endianness() === 'BE';

/** A vector with a component that is not finite, or of a wrong length. */
export class VectorError extends TributaryError {
  /** The field of the vector. */
  declare readonly field: string;

  constructor(reason: string, field: string) {
    super('vector.invalid', `${field} ${reason}.`, { field });
  }
}

/**
 * Returns the bytes of a vector, as a copy.
 * @param field - names the vector in an error
 * @throws VectorError if a component is not finite
 */
export function encodeVector(vector: Float32Array, field = 'vector'): Buffer {
  assertFinite(vector, field);
  const bytes = Buffer.from(Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
  return SWAPPED ? bytes.swap32() : bytes;
}

/**
 * Returns the vector of these bytes, as a copy, which does not keep the message in memory.
 * @param dimension - required number of components
 * @param field - names the vector in an error
 * @throws VectorError if the length differs or a component is not finite
 */
export function decodeVector(bytes: Uint8Array, dimension: number, field = 'vector'): Float32Array {
  if (bytes.length !== dimension * COMPONENT_BYTES) {
    throw new VectorError(
      `has ${bytes.length} bytes, but ${dimension} float32 components take ${dimension * COMPONENT_BYTES}`,
      field,
    );
  }
  const vector = new Float32Array(dimension);
  const copy = Buffer.from(vector.buffer);
  copy.set(bytes);
  if (SWAPPED) copy.swap32();
  assertFinite(vector, field);
  return vector;
}

function assertFinite(vector: Float32Array, field: string): void {
  for (let index = 0; index < vector.length; index++) {
    if (!Number.isFinite(vector[index]))
      throw new VectorError(`is ${vector[index]} at component ${index}`, field);
  }
}
