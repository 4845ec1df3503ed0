import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import { decompress } from './compression.ts';

const [GZIP, SNAPPY, LZ4, ZSTD] = [1, 2, 3, 4];
const LIMIT = 1_048_576;

const SMALL = Buffer.from(
  Array.from({ length: 12 }, (_, i) => `user ${i} buys item ${(i * 7) % 13}\n`).join(''),
);
const LARGE = Buffer.from('ab'.repeat(40_000));

/** Frames of SMALL and LARGE, written by the command lz4 1.9.4. */
const LZ4_FRAMES = {
  'without a checksum': {
    text: SMALL,
    frame:
      'BCJNGGBAgnEAAADxBHVzZXIgMCBidXlzIGl0ZW0gMAoTABcxEwASNxMAFzITABIxEwAXMxMAEjgTABc0EwASMhMAFzUTABI5EwAXNhMAEjMTABc3EwATMYYAFzgUABI0JwAXORMAEzGHABgxwQASNSgAFjHCAFBtIDEyCgAAAAA=',
  },
  'with a checksum of each block and the size of the content': {
    text: SMALL,
    frame:
      'BCJNGHxA6QAAAAAAAADMcQAAAPEEdXNlciAwIGJ1eXMgaXRlbSAwChMAFzETABI3EwAXMhMAEjETABczEwASOBMAFzQTABIyEwAXNRMAEjkTABc2EwASMxMAFzcTABMxhgAXOBQAEjQnABc5EwATMYcAGDHBABI1KAAWMcIAUG0gMTIKva7dTwAAAADqnR6T',
  },
  'with blocks that refer to the one before': {
    text: LARGE,
    frame:
      'BCJNGERAXgwBAAAvYWICAP/////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////////mUGJhYmFiQgAAAA8EAP//////////////////////////////////////////////////////////////////////////oFBiYWJhYgAAAADzicJT',
  },
};

/** Returns the framing of snappy-java: a header with two version numbers, and blocks behind their lengths. */
function xerial(...texts: Buffer[]): Buffer {
  const blocks = texts.flatMap((text) => {
    const block = Buffer.from(snappyCompress(text));
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return [length, block];
  });
  return Buffer.concat([Buffer.from('82534e4150505900' + '00000001' + '00000001', 'hex'), ...blocks]);
}

describe('decompression', () => {
  it('reads gzip and zstd', async () => {
    assert.deepEqual(await decompress(GZIP, gzipSync(LARGE), LIMIT), LARGE);
    assert.deepEqual(await decompress(ZSTD, zstdCompressSync(LARGE), LIMIT), LARGE);
  });

  it('reads the raw snappy of librdkafka, and the blocks of snappy-java', async () => {
    assert.deepEqual(await decompress(SNAPPY, Buffer.from(snappyCompress(LARGE)), LIMIT), LARGE);
    assert.deepEqual(await decompress(SNAPPY, xerial(SMALL, LARGE), LIMIT), Buffer.concat([SMALL, LARGE]));
  });

  for (const [kind, { text, frame }] of Object.entries(LZ4_FRAMES)) {
    it(`reads an LZ4 frame ${kind}`, async () => {
      assert.deepEqual(await decompress(LZ4, Buffer.from(frame, 'base64'), LIMIT), text);
    });
  }

  it('reads an uncompressed block of an LZ4 frame', async () => {
    const block = Buffer.from([3, 0, 0, 0x80, 1, 2, 3, 0, 0, 0, 0]);
    const frame = Buffer.concat([Buffer.from('04224d18604082', 'hex'), block]);
    assert.deepEqual(await decompress(LZ4, frame, LIMIT), Buffer.from([1, 2, 3]));
  });

  it('rejects data beyond the limit and reads data at the limit', async () => {
    const frames = new Map([
      [GZIP, gzipSync(LARGE)],
      [SNAPPY, Buffer.from(snappyCompress(LARGE))],
      [LZ4, Buffer.from(LZ4_FRAMES['with blocks that refer to the one before'].frame, 'base64')],
      [ZSTD, zstdCompressSync(LARGE)],
    ]);
    for (const [codec, frame] of frames) {
      assert.deepEqual(await decompress(codec, frame, LARGE.length), LARGE);
      const error = {
        name: 'DecompressionError',
        message: /^(gzip|snappy|lz4|zstd): the decompressed data exceeds 79999 bytes$/,
      };
      await assert.rejects(decompress(codec, frame, LARGE.length - 1), error);
    }
    await assert.rejects(decompress(SNAPPY, xerial(SMALL, LARGE), LARGE.length), /exceeds 80000 bytes/);
  });

  it('allocates nothing for a length beyond the limit that a snappy block only states', async () => {
    const claim = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00, 0x41]);
    await assert.rejects(
      decompress(SNAPPY, claim, LIMIT),
      /snappy: the decompressed data exceeds 1048576 bytes/,
    );
  });

  it('rejects broken, truncated and empty bytes, and an unknown codec', async () => {
    const frames = new Map([
      [GZIP, gzipSync(SMALL)],
      [SNAPPY, xerial(SMALL)],
      [LZ4, Buffer.from(LZ4_FRAMES['without a checksum'].frame, 'base64')],
    ]);
    for (const [codec, frame] of frames) {
      for (let length = 0; length < frame.length; length++) {
        const cut = await decompress(codec, frame.subarray(0, length), LIMIT).catch((error) => error);
        // The framing of snappy-java has no end mark, so that a header without a block is well-formed.
        const isFine = cut instanceof Buffer && codec === SNAPPY && cut.length === 0;
        assert.ok(isFine || cut.name === 'DecompressionError', `codec ${codec} cut to ${length}: ${cut}`);
      }
    }
    for (const codec of [GZIP, SNAPPY, LZ4, ZSTD]) {
      const error = { name: 'DecompressionError' };
      await assert.rejects(decompress(codec, Buffer.from('no frame of any kind'), LIMIT), error);
      await assert.rejects(decompress(codec, Buffer.alloc(0), LIMIT), error);
    }
    await assert.rejects(decompress(7, SMALL, LIMIT), /codec 7 is unknown/);
  });
});
