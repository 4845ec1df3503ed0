/** The compressed bytes exceed a limit or are broken, so that reading them again fails again. */
export class DecompressionError extends Error {
  override readonly name = 'DecompressionError';
}

export function tooLarge(maxBytes: number): DecompressionError {
  return new DecompressionError(`the decompressed data exceeds ${maxBytes} bytes`);
}

/** A buffer to which blocks are decompressed, up to a limit. */
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
   * Appends a block, whose matches may refer to earlier bytes.
   * @param most most bytes of the block
   * @param write writes into `bytes` from `start` on and returns the end of the block. If the block does not fit into
   *   `bytes`, it stops and returns an end beyond their length.
   * @throws DecompressionError beyond the limit, and for a block of more than `most` bytes
   */
  appendBlock(most: number, write: (bytes: Uint8Array, start: number) => number): void {
    this.#grow(Math.min(this.#length + most, this.#maxBytes));
    const end = write(this.#buffer, this.#length);
    if (end > this.#maxBytes) throw tooLarge(this.#maxBytes);
    if (end > this.#buffer.length) throw new DecompressionError(`a block exceeds ${most} bytes`);
    this.#length = end;
  }

  #grow(needed: number): void {
    if (needed <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.min(Math.max(2 * this.#buffer.length, needed), this.#maxBytes));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}
