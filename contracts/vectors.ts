/** Vectors in bytes fields: float32 components, little-endian, nothing else. */
import { endianness } from 'node:os';
import { TributaryError } from './errors.ts';

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
  return new VectorReader(dimension, field).read(bytes);
}

/** Decodes vectors of one dimension into the same array, for many that are copied into a table at once. */
export class VectorReader {
  readonly #field: string;
  readonly #vector: Float32Array;
  readonly #bytes: Buffer;

  /** @param field - names the vector in an error */
  constructor(dimension: number, field = 'vector') {
    this.#field = field;
    this.#vector = new Float32Array(dimension);
    this.#bytes = Buffer.from(this.#vector.buffer);
  }

  /**
   * @returns the vector of these bytes, until the next one is read
   * @throws VectorError if the length differs or a component is not finite
   */
  read(bytes: Uint8Array): Float32Array {
    const expected = this.#bytes.length;
    if (bytes.length !== expected) {
      const { length: dimension } = this.#vector;
      throw new VectorError(
        `has ${bytes.length} bytes, but ${dimension} float32 components take ${expected}`,
        this.#field,
      );
    }
    this.#bytes.set(bytes);
    if (SWAPPED) this.#bytes.swap32();
    assertFinite(this.#vector, this.#field);
    return this.#vector;
  }
}

function assertFinite(vector: Float32Array, field: string): void {
  for (let index = 0; index < vector.length; index++) {
    if (!Number.isFinite(vector[index]))
      throw new VectorError(`is ${vector[index]} at component ${index}`, field);
  }
}
