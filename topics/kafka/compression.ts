import { promisify } from 'node:util';
import { unzip, zstdDecompress } from 'node:zlib';
import { DecompressionError, tooLarge } from './decompressed.ts';
import { readLz4Frame } from './lz4.ts';
import { readSnappy } from './snappy.ts';

type Read = (bytes: Buffer, maxBytes: number) => Buffer | Promise<Buffer>;

/** Keyed by the number of the codec in the attributes of a record batch. */
const CODECS: ReadonlyMap<number, { readonly name: string; readonly read: Read }> = new Map([
  [1, { name: 'gzip', read: bounded(promisify(unzip)) }],
  [2, { name: 'snappy', read: readSnappy }],
  [3, { name: 'lz4', read: readLz4Frame }],
  [4, { name: 'zstd', read: bounded(promisify(zstdDecompress)) }],
]);

/**
 * Decompresses the records of a batch.
 * @param codec number of the codec in the attributes of the batch: 1 gzip, 2 snappy, 3 lz4, 4 zstd
 * @throws DecompressionError for broken bytes, an unknown codec, and more than `maxBytes` of decompressed data
 */
export async function decompress(codec: number, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const known = CODECS.get(codec);
  if (known === undefined) throw new DecompressionError(`codec ${codec} is unknown`);
  if (bytes.length === 0) throw new DecompressionError(`${known.name}: the records are empty`);
  try {
    return await known.read(bytes, maxBytes);
  } catch (cause) {
    throw new DecompressionError(`${known.name}: ${(cause as Error).message}`, { cause });
  }
}

function bounded(read: (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>): Read {
  return async (bytes, maxBytes) => {
    try {
      return await read(bytes, { maxOutputLength: maxBytes });
    } catch (error) {
      throw isOverLimit(error) ? tooLarge(maxBytes) : error;
    }
  };
}

function isOverLimit(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
