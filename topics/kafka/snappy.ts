import { snappyUncompressor } from 'hysnappy';
import { Decompressed, DecompressionError, tooLarge } from './decompressed.ts';

/** The first bytes of the framing of snappy-java: two version numbers follow, and then blocks behind their lengths. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

let uncompress: ReturnType<typeof snappyUncompressor> | undefined;

/**
 * Decompresses snappy in both forms of Kafka's record batches: the framing of snappy-java, which Java clients and
 * brokers write, and the single raw block of librdkafka.
 * @throws DecompressionError for broken bytes, and for more than `maxBytes`
 */
export function readSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return readBlock(bytes, maxBytes);
  const output = new Decompressed(maxBytes);
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 > bytes.length ? -1 : bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length)
      throw new DecompressionError('the snappy blocks are truncated');
    output.append(readBlock(bytes.subarray(at, at + length), maxBytes));
    at += length;
  }
  return output.bytes;
}

function readBlock(block: Buffer, maxBytes: number): Buffer {
  const length = lengthOf(block);
  // The decompressor allocates the length that the block states, so the length is checked first.
  if (length > maxBytes) throw tooLarge(maxBytes);
  uncompress ??= snappyUncompressor();
  try {
    const { buffer } = uncompress(block, length);
    return Buffer.from(buffer);
  } catch (cause) {
    throw new DecompressionError(`the bytes are no snappy block (${(cause as Error).message})`, { cause });
  }
}

/** Reads the decompressed length at the beginning of a block, a varint of up to 32 bits. */
function lengthOf(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new DecompressionError('the bytes are no snappy block');
}
