const utf8Encoder = new TextEncoder();
/** Texts shorter than this have a length of one byte. */
const SHORT_TEXT = 0x80;
const utf8Decoder = new TextDecoder('utf-8', { fatal: true });

/** Largest buffer that is kept for the next writer. */
const SPARE_BYTES = 2 ** 20;
/** The buffer of a writer that has finished. */
let spare: Uint8Array<ArrayBuffer> | undefined;

/**
 * Words that were read lately, each at the place that its bytes determine. A word that is there is neither decoded nor hashed
 * again, and equal words are one object. A word of more bytes is not kept, so that the memory is bounded.
 */
const words: (string | undefined)[] = new Array(2 ** 16).fill(undefined);
const WORD_BYTES = 48;

/** Malformed bytes: truncated, of another version, or with an invalid part. */
export class BinaryFormatError extends Error {
  override readonly name = 'BinaryFormatError';
}

/** Appends numbers and strings to a growing buffer. Equal calls produce equal bytes. */
export class BinaryWriter {
  #bytes = spare ?? new Uint8Array(1_024);
  #view: DataView | undefined;
  #length = 0;

  constructor() {
    spare = undefined;
  }

  /** Unsigned LEB128. Throws RangeError unless `value` is a non-negative safe integer. */
  varint(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`Not a varint: ${value}`);
    this.#reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** Eight bytes, little-endian. */
  float64(value: number): void {
    this.#reserve(8);
    this.#view ??= new DataView(this.#bytes.buffer);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** Writes the number of UTF-8 bytes, then the bytes. */
  string(text: string): void {
    if (this.#ascii(text)) return;
    const encoded = utf8Encoder.encode(text);
    this.varint(encoded.length);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#length);
    this.#length += encoded.length;
  }

  /** Writes a short ASCII text without an encoder, which costs more than all the rest of an action. */
  #ascii(text: string): boolean {
    const { length } = text;
    if (length >= SHORT_TEXT) return false;
    this.#reserve(length + 1);
    const bytes = this.#bytes;
    const start = this.#length + 1;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) return false;
      bytes[start + i] = unit;
    }
    bytes[this.#length] = length;
    this.#length = start + length;
    return true;
  }

  /** Appends bytes as they are. */
  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Returns a copy of the written bytes. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length);
    if (this.#bytes.length <= SPARE_BYTES) spare = this.#bytes;
    // What is written from now on goes into a larger copy.
    this.#bytes = written;
    this.#view = undefined;
    return written;
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = undefined;
  }
}

/** Reads bytes of `BinaryWriter`. Every fault is a BinaryFormatError that names `what` and the offset. */
export class BinaryReader {
  readonly #what: string;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  /** The same bytes; its decoder of short texts is several times as fast as TextDecoder, and leaves no garbage. */
  readonly #buffer: Buffer;
  #offset = 0;

  constructor(bytes: Uint8Array, what: string) {
    this.#what = what;
    this.#bytes = bytes;
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#advance(1)]!;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw this.fault('a number above 2^53');
      if (byte < 0x80) return value;
    }
  }

  float64(): number {
    return this.#view.getFloat64(this.#advance(8), true);
  }

  string(): string {
    const length = this.varint();
    const start = this.#advance(length);
    if (length < SHORT_TEXT && this.#isAscii(start, length))
      return this.#buffer.toString('latin1', start, start + length);
    try {
      return utf8Decoder.decode(this.#bytes.subarray(start, start + length));
    } catch {
      throw this.fault('text that is not UTF-8');
    }
  }

  /** As `string`, for a text that is read often, such as the id of an item. */
  word(): string {
    const before = this.#offset;
    const length = this.varint();
    const start = this.#offset;
    if (length > WORD_BYTES || start + length > this.#bytes.length) {
      this.#offset = before;
      return this.string();
    }
    const bytes = this.#bytes;
    let hash = 0;
    for (let i = start; i < start + length; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
    const place = (hash ^ (hash >>> 15)) & (words.length - 1);
    const known = words[place];
    if (known !== undefined && this.#isHere(known, start, length)) {
      this.#offset = start + length;
      return known;
    }
    this.#offset = before;
    const word = this.string();
    words[place] = word;
    return word;
  }

  /** Whether the bytes are those of this text; false where one of them is no ASCII. */
  #isHere(text: string, start: number, length: number): boolean {
    if (text.length !== length) return false;
    const bytes = this.#bytes;
    for (let i = 0; i < length; i++) {
      const byte = bytes[start + i]!;
      if (byte >= 0x80 || text.charCodeAt(i) !== byte) return false;
    }
    return true;
  }

  #isAscii(start: number, length: number): boolean {
    for (let i = start; i < start + length; i++) if (this.#bytes[i]! >= 0x80) return false;
    return true;
  }

  /** Consumes the version byte and returns it; throws for any that is not among `supported`. */
  version(...supported: readonly number[]): number {
    const found = this.varint();
    if (!supported.includes(found))
      throw this.fault(`format version ${found}; this code reads version ${supported.join(' or ')}`);
    return found;
  }

  /** Whether no bytes remain. */
  get isAtEnd(): boolean {
    return this.#offset === this.#bytes.length;
  }

  /** Returns the bytes that remain, as a view. */
  rest(): Uint8Array {
    return this.#bytes.subarray(this.#advance(this.#bytes.length - this.#offset));
  }

  /** Throws if bytes remain after the last part. */
  end(): void {
    const extra = this.#bytes.length - this.#offset;
    if (extra > 0) throw this.fault(`${extra} bytes after the end`);
  }

  fault(problem: string): BinaryFormatError {
    return new BinaryFormatError(`${this.#what}: ${problem} (at byte ${this.#offset})`);
  }

  #advance(length: number): number {
    const start = this.#offset;
    if (start + length > this.#bytes.length) throw this.fault('truncated');
    this.#offset = start + length;
    return start;
  }
}
