/** Vectors in bytes fields: float32 components, little-endian, nothing else. */
import { endianness } from 'node:os';
import { TributaryError } from './errors.ts';

const COMPONENT_BYTES = Float32Array.BYTES_PER_ELEMENT;
const SWAPPED = endianness() === 'BE';

/** A vector with a component that is no number, or of another length than it should have. */
export class VectorError extends TributaryError {
  /** The field that held it. */
  declare readonly field: string;

  constructor(reason: string, field: string) {
    super('vector.invalid', `${field} ${reason}.`, { field });
  }
}

/**
 * The bytes of a vector, a copy.
 * @param field - names the vector in an error
 * @throws VectorError when a component is not finite
 */
export function encodeVector(vector: Float32Array, field = 'vector'): Buffer {
  assertFinite(vector, field);
  const bytes = Buffer.from(Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength));
  return SWAPPED ? bytes.swap32() : bytes;
}

/**
 * The vector of these bytes, a copy: it does not keep the message alive that held them.
 * @param dimension - number of components it must have
 * @param field - names the vector in an error
 * @throws VectorError when the length is another or a component is not finite
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
