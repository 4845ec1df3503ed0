import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { snappyCompress } from 'hysnappy';
import kafkajs, { type Message, type Producer } from 'kafkajs';
import { DecodeError } from '#contracts/codec.ts';
import type { DeadLetter } from '#contracts/generated/records.ts';
import { readTopic } from '#topics/reader.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { waitFor } from '../testing/wait-for.ts';
import { consume } from './consumer.ts';
import { sendDeadLetters } from './dead-letters.ts';
import { follow } from './follower.ts';
import { consumeStatefully } from './stateful-consumer.ts';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const MIB = 1_048_576;
const log = createLogger('test', 'silent');

function decode(bytes: Buffer): never {
  if (bytes.toString() === 'oops') throw new DecodeError('decode.magic', 'oops');
  // A large value is represented by its length.
  return (bytes.length > 100 ? `${bytes.length} bytes` : bytes.toString()) as never;
}

/** Returns an LZ4 frame with one uncompressed block. The brokers write compressed blocks. */
function lz4Frame(bytes: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length + 0x8000_0000);
  return Buffer.concat([Buffer.from('04224d18604082', 'hex'), size, bytes, Buffer.alloc(4)]);
}

/** Compression by clients. Snappy is raw as in librdkafka; the brokers write the framing of snappy-java. */
const COMPRESSORS = {
  gzip: { type: CompressionTypes.GZIP, compress: gzipSync },
  snappy: {
    type: CompressionTypes.Snappy,
    compress: (bytes: Buffer) => Buffer.from(snappyCompress(bytes)),
  },
  lz4: { type: CompressionTypes.LZ4, compress: lz4Frame },
  zstd: { type: CompressionTypes.ZSTD, compress: zstdCompressSync },
} as const;

/** Registers a compressor for the producers of this process. The readers do not use the codecs of kafkajs. */
function compressWith(type: 1 | 2 | 3 | 4, compress: (records: Buffer) => Buffer): void {
  CompressionCodecs[type] = () => ({
    compress: async ({ buffer }: { buffer: Buffer }) => compress(buffer),
    decompress: () => assert.fail('kafkajs must not decompress'),
  });
}

type Way = 'consumer' | 'follower' | 'stateful consumer' | 'reader';

describe('messages of other clients', () => {
  let test: TestKafka;
  let producer: Producer;
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => void failures.push(error);

  before(async () => {
    for (const { type, compress } of Object.values(COMPRESSORS)) compressWith(type, compress);
    test = await openTestKafka();
    producer = test.kafka.producer();
    await producer.connect();
  });

  after(async () => {
    await producer.disconnect();
    await test.close();
    assert.deepEqual(failures, []);
  });

  /** Reads a topic of one partition to its end offset in each way. @returns values, and codes of errors */
  async function readInEachWay(topic: string): Promise<Record<Way, string[]>> {
    const [consumer, follower, stateful, reader] = await Promise.all([
      readAsConsumer(topic),
      readAsFollower(topic),
      readStatefully(topic),
      readAsReader(topic),
    ]);
    return { consumer, follower, 'stateful consumer': stateful, reader };
  }

  async function assertEachWaySees(topic: string, expected: readonly string[]): Promise<void> {
    const letters = expected.filter((value) => !value.startsWith('decode.'));
    assert.deepEqual(await readInEachWay(topic), {
      consumer: expected,
      follower: letters,
      'stateful consumer': letters,
      reader: expected,
    });
  }

  async function endOf(topic: string): Promise<number> {
    const admin = test.kafka.admin();
    await admin.connect();
    const [range] = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    return Number(range!.high);
  }

  async function readAsConsumer(topic: string): Promise<string[]> {
    const end = await endOf(topic);
    const groupId = `${topic}.consumer.${randomUUID()}`;
    const seen = new Map<number, string>();
    let reached = 0;
    const { stop } = await consume({
      kafka: test.kafka,
      groupId,
      subscriptions: [
        {
          topic,
          decode,
          async handle({ messages, lastOffset }) {
            for (const { offset, value } of messages) seen.set(offset, String(value));
            reached = lastOffset + 1;
          },
        },
      ],
      log,
      metrics: createMetrics('test'),
      deadLetter: async (_source, rejections) => {
        for (const { message, code } of rejections) seen.set(Number(message.offset), code);
      },
      onFailure,
    });
    await waitFor(() => reached >= end, { message: `the consumer reaches ${end}`, timeoutMs: 60_000 });
    await stop();
    assert.deepEqual(await test.committed(groupId, topic), [end], 'a consumer at the end offset has no lag');
    return [...seen].sort(([a], [b]) => a - b).map(([, value]) => value);
  }

  async function readAsFollower(topic: string): Promise<string[]> {
    const values: string[] = [];
    const follower = await follow({
      kafka: test.kafka,
      groupPrefix: test.prefix,
      followed: [{ topic, decode, apply: ({ value }) => void values.push(String(value)) }],
      log,
      onFailure,
    });
    await follower.caughtUp;
    await follower.close();
    return values;
  }

  async function readStatefully(topic: string): Promise<string[]> {
    const values: string[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const leave = await consumeStatefully<string>({
      kafka: test.kafka,
      groupId: `${topic}.stateful.${randomUUID()}`,
      topic,
      decode,
      open: () => ({
        resumeFrom: undefined,
        async apply(messages, reachesEnd) {
          values.push(...messages.map(({ value }) => value));
          if (reachesEnd) resolve();
        },
        close: () => undefined,
      }),
      log,
      onFailure,
    });
    await ended;
    await leave();
    return values;
  }

  async function readAsReader(topic: string): Promise<string[]> {
    const values: string[] = [];
    const { next } = await readTopic({
      kafka: test.kafka,
      topic,
      from: { at: 'beginning' },
      onMessage({ value, batchError }) {
        values.push(batchError?.code ?? (value?.toString() === 'oops' ? 'decode.magic' : decode(value!)));
      },
      stallMs: 20_000,
    });
    assert.equal(next.get(0), await endOf(topic));
    return values;
  }

  const messagesOf = (...values: string[]): Message[] => values.map((value) => ({ key: 'k', value }));

  for (const [name, { type }] of Object.entries(COMPRESSORS)) {
    it(`are read in each way when a client or the broker compresses them with ${name}`, async () => {
      const topic = await test.createTopic(1);
      const recompressed = await test.createTopic(1, { 'compression.type': name });
      const values = Array.from({ length: 50 }, (_, i) => `value ${i}`);
      await producer.send({ topic, compression: type, messages: messagesOf(...values) });
      await producer.send({ topic, messages: messagesOf('plain') });
      await producer.send({ topic: recompressed, messages: messagesOf(...values) });
      await assertEachWaySees(topic, [...values, 'plain']);
      await assertEachWaySees(recompressed, values);
    });
  }

  it('become one dead letter when their batch exceeds the limit, and the partition continues', async () => {
    const topic = await test.createTopic(1);
    const bomb = { key: 'k', value: Buffer.alloc(33 * MIB) };
    await producer.send({ topic, messages: messagesOf('before') });
    await producer.send({ topic, compression: CompressionTypes.ZSTD, messages: [bomb] });
    await producer.send({ topic, messages: messagesOf('behind') });
    await assertEachWaySees(topic, ['before', 'decode.batch', 'behind']);
  });

  it('are all read when small batches decompress to more than one fetch may hold', async () => {
    const topic = await test.createTopic(1);
    const large = { key: 'k', value: Buffer.alloc(12 * MIB) };
    for (let i = 0; i < 7; i++)
      await producer.send({ topic, compression: CompressionTypes.ZSTD, messages: [large] });
    await assertEachWaySees(
      topic,
      Array.from({ length: 7 }, () => `${12 * MIB} bytes`),
    );
  });

  it('do not hold up a reader when the topic ends in an aborted transaction', async () => {
    const topic = await test.createTopic(1);
    await producer.send({ topic, messages: messagesOf('before') });
    await inTransaction(topic, ['aborted', 'aborted too'], (transaction) => transaction.abort());
    await assertEachWaySees(topic, ['before']);
  });

  it('do not hold up a reader when the topic contains nothing but an aborted transaction', async () => {
    const topic = await test.createTopic(1);
    await inTransaction(topic, ['aborted'], (transaction) => transaction.abort());
    await assertEachWaySees(topic, []);
  });

  it('are not read when several transactions overlap and are aborted', async () => {
    const topic = await test.createTopic(1);
    // A fetch of 1 MiB ends between the two, so that the next one begins within both transactions.
    const large = 'x'.repeat(700_000);
    await inTransaction(topic, [large], async (first) => {
      await inTransaction(topic, [`${large} of the second`], (second) => second.abort(), false);
      await first.abort();
    });
    await producer.send({ topic, messages: messagesOf('behind') });
    await assertEachWaySees(topic, ['behind']);
  });

  it('are read once their transaction is committed, and do not hold up a reader before', async () => {
    const topic = await test.createTopic(1);
    await inTransaction(topic, ['aborted'], (transaction) => transaction.abort());
    await inTransaction(topic, ['committed'], (transaction) => transaction.commit());
    await assertEachWaySees(topic, ['committed']);
    await inTransaction(topic, ['open'], async (transaction) => {
      await assertEachWaySees(topic, ['committed']);
      await transaction.commit();
    });
    await assertEachWaySees(topic, ['committed', 'open']);
  });

  async function inTransaction(
    topic: string,
    values: readonly string[],
    end: (transaction: Awaited<ReturnType<Producer['transaction']>>) => Promise<void>,
    isOutermost = true,
  ): Promise<void> {
    const transactional = test.kafka.producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await transactional.connect();
    const transaction = await transactional.transaction();
    const marker = (await endOf(topic)) + values.length;
    await transaction.send({ topic, messages: messagesOf(...values) });
    await end(transaction);
    await transactional.disconnect();
    // The coordinator answers before it has written the marker that ends the transaction.
    const isWritten = async () => (await endOf(topic)) > marker;
    if (isOutermost) await waitFor(isWritten, { message: 'the marker of the transaction' });
  }

  it('may have headers without a value, also when they become dead letters', async () => {
    const topic = await test.createTopic(1);
    const headers = { none: '', constructor: 'c' };
    // kafkajs writes no header without a value, so the length 0 is replaced by the −1 that stands for no value.
    compressWith(CompressionTypes.GZIP, (records) =>
      gzipSync(Buffer.from(records.toString('latin1').replaceAll('none\0', 'none\x01'), 'latin1')),
    );
    await producer.send({
      topic,
      compression: CompressionTypes.GZIP,
      messages: [
        { key: 'k', value: 'oops', headers },
        { key: 'k', value: 'good', headers },
      ],
    });
    await assertEachWaySees(topic, ['decode.magic', 'good']);
    const letters: DeadLetter[] = [];
    const { stop } = await consume({
      kafka: test.kafka,
      groupId: `${topic}.letters`,
      subscriptions: [{ topic, decode, handle: async () => undefined }],
      log,
      metrics: createMetrics('test'),
      deadLetter: ({ partition }, rejections) => {
        const send = async (_topic: string, letter: DeadLetter) => letters.push(letter);
        return sendDeadLetters({ stage: 'test', log, send }, { topic: 'actions', partition }, rejections);
      },
      onFailure,
    });
    await waitFor(() => letters.length > 0, { message: 'the letter' });
    await stop();
    assert.deepEqual(
      letters.map((letter) => [letter.value?.toString(), Object.entries(letter.headers)]),
      [
        [
          'oops',
          [
            ['none', Buffer.alloc(0)],
            ['constructor', Buffer.from('c')],
          ],
        ],
      ],
    );
  });
});
