import { Decompressed, DecompressionError } from './decompressed.ts';

const MAGIC = 0x184d2204;
const VERSION = 1;
/** The highest bit of the size of a block says that its bytes are kept as they are. */
const KEPT = 0x8000_0000;
/** A block cannot hold more than so many times its bytes. */
const MOST_RATIO = 255;
const LEAST_MATCH = 4;
/** From so many bytes on, a copy by the engine is faster than a loop. */
const LONG_COPY = 32;

/**
 * Decompresses an LZ4 frame (LZ4 frame format 1.6.4 and block format), which is what Kafka's messages carry. The
 * checksums are not verified: the broker verified the batch when it was written.
 * @throws DecompressionError for what is no frame, or holds more than `maxBytes`
 */
export function readLz4Frame(frame: Buffer, maxBytes: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== MAGIC) throw new DecompressionError('it is no LZ4 frame');
  const [flags, descriptor] = [frame[4]!, frame[5]!];
  // 4 stands for 64 KiB, 7 for 4 MiB.
  const blockBytes = 4 ** (4 + ((descriptor >> 4) & 7));
  if (flags >> 6 !== VERSION || blockBytes < 65_536) throw new DecompressionError('it is no LZ4 frame');
  const [checksumBytes, sizeBytes, dictionaryBytes] = [
    flags & 0x10 ? 4 : 0,
    flags & 0x08,
    flags & 0x01 ? 4 : 0,
  ];
  // Magic, flags and descriptor come first, and the checksum of the header last.
  let at = 6 + sizeBytes + dictionaryBytes + 1;
  const output = new Decompressed(maxBytes);
  for (;;) {
    if (at + 4 > frame.length) throw cutOff();
    const size = frame.readUInt32LE(at);
    if (size === 0) return output.bytes;
    const length = size % KEPT;
    const block = frame.subarray(at + 4, at + 4 + length);
    if (block.length < length) throw cutOff();
    if (size >= KEPT) output.append(block);
    else
      output.appendBlock(Math.min(blockBytes, MOST_RATIO * length), (bytes, start) =>
        readBlock(block, bytes, start),
      );
    at += 4 + length + checksumBytes;
  }
}

/**
 * A block is a row of sequences, each some literal bytes and then a match; the last one has no match.
 * @returns where it ends in `output`, or would end where that has no room
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
    if (at + literals > block.length) throw cutOff();
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
    if (distance === 0 || distance > end) throw new DecompressionError('a match lies before the bytes');
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
  if (byte === undefined) throw cutOff();
  return byte;
}

function cutOff(): DecompressionError {
  return new DecompressionError('the LZ4 frame is cut off');
}
