/** Poison in the bytes: keys, headers, codecs and values that no schema explains. */
import { randomBytes } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import type { ErrorCode } from '#contracts/errors.ts';
import type { TopicName } from '#topics/catalog.ts';
import {
  PARTITION,
  someAction,
  someEmbedding,
  someInterests,
  someProposal,
  someReward,
  someSlate,
} from '../../path/some-records.ts';
import type { CaseContext, PoisonCase } from './case.ts';
import type { RawBatchOptions, RawRecord } from './record-batch.ts';

const MIB = 1_048_576;
export const TOMBSTONE = 'a tombstone';

/** A valid value of each topic whose messages are keyed by userId. */
const VALUES = {
  actions: ({ userId, encode }: CaseContext) => encode('UserAction', someAction(userId)),
  interests: ({ userId, encode }: CaseContext) => encode('UserInterests', someInterests(userId)),
  proposals: ({ userId, encode }: CaseContext) => encode('Proposal', someProposal(userId)),
  slates: ({ userId, encode }: CaseContext) => encode('Slate', someSlate(userId)),
  rewards: ({ userId, sequence, encode }: CaseContext) => encode('Reward', someReward(userId, sequence)),
} satisfies Partial<Record<TopicName, (context: CaseContext) => Buffer>>;
type UserTopic = keyof typeof VALUES;
const USER_TOPICS = Object.keys(VALUES) as UserTopic[];

const CODECS: Readonly<Record<string, RawBatchOptions['codec']>> = {
  gzip: { number: 1, compress: (bytes) => gzipSync(bytes) },
  snappy: { number: 2, compress: (bytes) => Buffer.from(snappyCompress(bytes)) },
  lz4: { number: 3, compress: lz4Frame },
  zstd: { number: 4, compress: (bytes) => zstdCompressSync(bytes) },
};

/** A frame with one uncompressed block. */
function lz4Frame(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length + 0x8000_0000);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, bytes, Buffer.alloc(4)]);
}

type Build = (context: CaseContext, value: Buffer) => RawRecord;

/** Each with the code of its dead letter, or undefined for a valid message. */
const BYTES: ReadonlyArray<readonly [name: string, code: ErrorCode | undefined, build: Build]> = [
  [
    'text with a header without a value',
    'decode.magic',
    ({ key }) => ({ key, value: Buffer.from('oops'), headers: [['h', null]] }),
  ],
  ['an empty value', 'decode.magic', ({ key }) => ({ key, value: Buffer.alloc(0) })],
  [
    'a schema id that the registry does not have',
    'decode.schema-unknown',
    ({ key }, value) => ({ key, value: withId(value, 2_000_000_000) }),
  ],
  ['the schema id 0', 'decode.schema-unknown', ({ key }, value) => ({ key, value: withId(value, 0) })],
  ['a negative schema id', 'decode.schema-unknown', ({ key }, value) => ({ key, value: withId(value, -5) })],
  ['a value that is cut off', 'decode.bytes', ({ key }, value) => ({ key, value: value.subarray(0, -2) })],
  [
    'a value with bytes behind its end',
    'decode.bytes',
    ({ key }, value) => ({ key, value: Buffer.concat([value, Buffer.of(1)]) }),
  ],
  [
    'a length far beyond the end',
    'decode.bytes',
    ({ key }, value) => ({
      key,
      value: Buffer.concat([value.subarray(0, 5), Buffer.from('feffffff0f', 'hex')]),
    }),
  ],
  ['a megabyte of noise', 'decode.magic', ({ key }) => ({ key, value: noise(1_048_400 - key.length) })],
  ['a message without a key', 'message.key', (_context, value) => ({ value })],
  ['an empty key', 'message.key', (_context, value) => ({ key: Buffer.alloc(0), value })],
  [
    'a key that is not UTF-8',
    'message.key',
    (_context, value) => ({ key: Buffer.of(0x61, 0xff, 0xfe), value }),
  ],
  ['a key of 100 kB', 'message.key', (_context, value) => ({ key: Buffer.alloc(100_000, 'k'), value })],
  ['10,000 headers', undefined, ({ key }, value) => ({ key, value, headers: manyHeaders() })],
  [
    'headers with the names of inherited properties',
    'decode.magic',
    ({ key }) => ({
      key,
      value: Buffer.from('{}'),
      headers: [
        ['__proto__', Buffer.from('p')],
        ['constructor', Buffer.from('c')],
        ['traceparent', null],
      ],
    }),
  ],
];

export function byteCases(): PoisonCase[] {
  return USER_TOPICS.flatMap((topic) => [
    ...BYTES.map(([name, code, build]): PoisonCase => {
      const records = (context: CaseContext) => [build(context, VALUES[topic](context))];
      return code === undefined ? { name, topic, records } : { name, topic, code, records };
    }),
    ...Object.entries(CODECS).map(([name, codec]): PoisonCase => {
      const records = (context: CaseContext) => [{ key: context.key, value: VALUES[topic](context) }];
      return { name: `a batch in ${name}`, topic, records, batch: { codec: codec! } };
    }),
    {
      name: 'a batch that decompresses to 33 MiB',
      topic,
      code: 'decode.batch',
      records: ({ key }) => [{ key, value: Buffer.alloc(33 * MIB) }],
      batch: { codec: CODECS.zstd! },
    },
    {
      name: 'the wrong partition',
      topic,
      code: 'partition.wrong',
      records: (context) => [{ key: context.key, value: VALUES[topic](context) }],
      partition: PARTITION + 1,
    },
    {
      name: TOMBSTONE,
      topic,
      ...(topic === 'actions' ? { code: { interests: 'message.tombstone' } as const } : {}),
      records: ({ key }) => [{ key }],
    },
  ]);
}

/** Topics that stages follow without a group: nothing is written about poison, and what stands behind it is read. */
export function followedCases(): PoisonCase[] {
  const vectors: ReadonlyArray<readonly [string, Buffer]> = [
    ['no bytes', Buffer.alloc(0)],
    ['three bytes', Buffer.of(1, 2, 3)],
    ['NaN', Buffer.from('0000c07f0000c07f', 'hex')],
    ['the largest numbers', Buffer.from('ffff7f7fffff7f7f', 'hex')],
  ];
  const followed = ['items', 'embeddings', 'releases', 'models', 'model-parts'] as const;
  return [
    ...followed.flatMap((topic): PoisonCase[] => [
      {
        name: 'text with a header without a value',
        topic,
        records: ({ key }) => [{ key, value: Buffer.from('oops'), headers: [['h', null]] }],
      },
      {
        name: 'a tombstone of an inherited property',
        topic,
        records: () => [{ key: Buffer.from('constructor/x') }],
      },
      { name: 'a message without a key', topic, records: () => [{ value: Buffer.from('oops') }] },
      {
        name: 'a batch that decompresses to 33 MiB',
        topic,
        records: ({ key }) => [{ key, value: Buffer.alloc(33 * MIB) }],
        batch: { codec: CODECS.zstd! },
      },
      {
        name: '10,000 headers',
        topic,
        records: ({ key }) => [{ key, value: Buffer.of(1), headers: manyHeaders() }],
      },
    ]),
    ...vectors.map(
      ([name, vector]): PoisonCase => ({
        name: `a vector of ${name}`,
        topic: 'embeddings',
        records: ({ encode }) => [
          {
            key: Buffer.from('constructor/spoilt'),
            value: encode('ItemEmbedding', someEmbedding('spoilt', { generation: 'constructor', vector })),
          },
        ],
      }),
    ),
  ];
}

function withId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(id, 1);
  return copy;
}

/** Noise that does not begin like a message in the wire format. */
function noise(length: number): Buffer {
  const bytes = randomBytes(length);
  bytes[0] = 7;
  return bytes;
}

function manyHeaders(): Array<readonly [string, Buffer]> {
  return Array.from({ length: 10_000 }, (_, i) => [`header ${i}`, Buffer.of(i & 0xff)] as const);
}
