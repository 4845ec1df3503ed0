import { Decompressed, DecompressionError } from './decompressed.ts';

const MAGIC = 0x184d2204;
const VERSION = 1;
/** The highest bit of the size of a block marks an uncompressed block. */
const UNCOMPRESSED = 0x8000_0000;
/** The highest ratio of decompressed to compressed bytes that the format allows. */
const MOST_RATIO = 255;
const LEAST_MATCH = 4;
/** Copies of at least this many bytes are faster by the engine than by a loop. */
const LONG_COPY = 32;

/**
 * Decompresses an LZ4 frame (LZ4 frame format 1.6.4 and block format), the form of LZ4 in Kafka's record batches. The
 * checksums are not verified, because the broker verified the batch when it was written.
 * @throws DecompressionError for broken bytes, and for more than `maxBytes`
 */
export function readLz4Frame(frame: Buffer, maxBytes: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC)
    throw new DecompressionError('the bytes are no LZ4 frame');
  const [flags, descriptor] = [frame[4]!, frame[5]!];
  // The numbers 4 to 7 stand for 64 KiB to 4 MiB.
  const blockBytes = 4 ** (4 + ((descriptor >> 4) & 7));
  if (flags >> 6 !== VERSION || blockBytes < 65_536)
    throw new DecompressionError('the bytes are no LZ4 frame');
  const [checksumBytes, sizeBytes, dictionaryBytes] = [
    flags & 0x10 ? 4 : 0,
    flags & 0x08,
    flags & 0x01 ? 4 : 0,
  ];
  // The header begins with magic, flags and descriptor, and ends in a checksum of one byte.
  let at = 6 + sizeBytes + dictionaryBytes + 1;
  const output = new Decompressed(maxBytes);
  for (;;) {
    if (at + 4 > frame.length) throw truncated();
    const size = frame.readUInt32LE(at);
    if (size === 0) return output.bytes;
    const length = size % UNCOMPRESSED;
    const block = frame.subarray(at + 4, at + 4 + length);
    if (block.length < length) throw truncated();
    if (size >= UNCOMPRESSED) output.append(block);
    else
      output.appendBlock(Math.min(blockBytes, MOST_RATIO * length), (bytes, start) =>
        readBlock(block, bytes, start),
      );
    at += 4 + length + checksumBytes;
  }
}

/**
 * Decompresses a block into `output` from `start` on. A block is a list of sequences, each of literal bytes and a match;
 * the last sequence has no match.
 * @returns the end of the block in `output`; beyond the length of `output` if the block does not fit
 */
function readBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  let [at, end] = [0, start];
  while (at < block.length) {
    const token = block[at++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do literals += more = byteAt(block, at++);
      while (more === 255);
    }
    if (at + literals > block.length) throw truncated();
    if (end + literals > output.length) return end + literals;
    if (literals >= LONG_COPY) output.set(block.subarray(at, at + literals), end);
    else for (let i = 0; i < literals; i++) output[end + i] = block[at + i]!;
    at += literals;
    end += literals;
    if (at === block.length) return end;

    const distance = byteAt(block, at) | (byteAt(block, at + 1) << 8);
    at += 2;
    let match = token & 15;
    if (match === 15) {
      let more: number;
      do match += more = byteAt(block, at++);
      while (more === 255);
    }
    match += LEAST_MATCH;
    if (distance === 0 || distance > end)
      throw new DecompressionError('an LZ4 match refers to bytes before the frame');
    if (end + match > output.length) return end + match;
    if (match >= LONG_COPY && distance >= match)
      output.copyWithin(end, end - distance, end - distance + match);
    else for (let i = 0; i < match; i++) output[end + i] = output[end - distance + i]!;
    end += match;
  }
  return end;
}

function byteAt(block: Uint8Array, at: number): number {
  const byte = block[at];
  if (byte === undefined) throw truncated();
  return byte;
}

function truncated(): DecompressionError {
  return new DecompressionError('the LZ4 frame is truncated');
}
