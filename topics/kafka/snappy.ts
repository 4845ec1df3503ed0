import { snappyUncompressor } from 'hysnappy';
import { Decompressed, DecompressionError, tooLarge } from './decompressed.ts';

/** Begins what snappy-java writes: after two version numbers come blocks, each with its length in front. */
const XERIAL_MAGIC = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const XERIAL_HEADER_BYTES = 16;

let uncompress: ReturnType<typeof snappyUncompressor> | undefined;

/**
 * Decompresses snappy in the two forms that Kafka's messages carry: the blocks of snappy-java, which Java clients and
 * brokers write, or one raw block, as librdkafka writes it.
 * @throws DecompressionError for what is neither, or holds more than `maxBytes`
 */
export function readSnappy(bytes: Buffer, maxBytes: number): Buffer {
  if (!bytes.subarray(0, XERIAL_MAGIC.length).equals(XERIAL_MAGIC)) return readBlock(bytes, maxBytes);
  const output = new Decompressed(maxBytes);
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length; ) {
    const length = at + 4 > bytes.length ? -1 : bytes.readInt32BE(at);
    at += 4;
    if (length < 0 || at + length > bytes.length)
      throw new DecompressionError('the snappy blocks are cut off');
    output.append(readBlock(bytes.subarray(at, at + length), maxBytes));
    at += length;
  }
  return output.bytes;
}

function readBlock(block: Buffer, maxBytes: number): Buffer {
  const length = lengthOf(block);
  // The decompressor takes memory for the length that the block states, so the length is checked first.
  if (length > maxBytes) throw tooLarge(maxBytes);
  uncompress ??= snappyUncompressor();
  try {
    const { buffer } = uncompress(block, length);
    return Buffer.from(buffer);
  } catch (cause) {
    throw new DecompressionError(`no snappy block: ${(cause as Error).message}`, { cause });
  }
}

/** A block begins with its decompressed length, as a varint of up to 32 bits. */
function lengthOf(block: Buffer): number {
  let length = 0;
  for (let index = 0; index < 5; index++) {
    const byte = block[index];
    if (byte === undefined) break;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return length;
  }
  throw new DecompressionError('no snappy block');
}
