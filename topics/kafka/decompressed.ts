/** Compressed bytes that hold more than a limit, or that are broken: they are refused, however often they are read. */
export class DecompressionError extends Error {
  override readonly name = 'DecompressionError';
}

export function tooLarge(maxBytes: number): DecompressionError {
  return new DecompressionError(`it holds more than ${maxBytes} bytes`);
}

/** Bytes that grow as blocks are decompressed behind them, up to a limit. */
export class Decompressed {
  readonly #maxBytes: number;
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** @throws DecompressionError beyond the limit */
  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#maxBytes) throw tooLarge(this.#maxBytes);
    this.#grow(needed);
    this.#buffer.set(bytes, this.#length);
    this.#length = needed;
  }

  /**
   * Lets a block write itself behind the bytes, which it may read.
   * @param write is given the bytes, with room for `most` more, and where it begins; it answers where it ended, which
   *   may lie beyond the room: nothing was written there
   * @throws DecompressionError beyond the limit, and for a block of more than `most` bytes
   */
  appendBlock(most: number, write: (bytes: Uint8Array, start: number) => number): void {
    this.#grow(Math.min(this.#length + most, this.#maxBytes));
    const end = write(this.#buffer, this.#length);
    if (end > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (end > this.#buffer.length) throw new DecompressionError(`a block holds more than ${most} bytes`);
    this.#length = end;
  }

  #grow(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(2 * this.#buffer.length, needed), this.#maxBytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
