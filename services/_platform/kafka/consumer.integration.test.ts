import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import { DecodeError } from '#contracts/codec.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { waitFor } from '../testing/wait-for.ts';
import { consume, type IncomingBatch } from './consumer.ts';
import type { Rejection } from './messages.ts';
import { createProducer, type SafeProducer } from './producer.ts';

const { CompressionTypes } = kafkajs;
const PARTITIONS = 4;

function decode(bytes: Buffer): never {
  if (bytes.toString() === 'undecodable') throw new DecodeError('decode.magic', 'no magic');
  return bytes.toString() as never;
}

interface Member {
  readonly handled: string[];
  readonly letters: Rejection[];
  readonly failures: unknown[];
  /** The assigned partitions of each rebalance. */
  readonly assigned: number[][];
  /** Topic and partition of each batch since `owned` was last cleared. */
  readonly owned: Set<string>;
  stop(): Promise<void>;
}

describe('a consumer group', () => {
  let test: TestKafka;
  let producer: SafeProducer;

  before(async () => {
    test = await openTestKafka();
    producer = await createProducer({ kafka: test.kafka, metrics: createMetrics('test') });
  });

  after(async () => {
    await producer.close();
    await test.close();
  });

  async function join(
    group: string,
    topics: readonly string[],
    onBatch: (batch: IncomingBatch<string>) => Promise<void> | void = () => undefined,
    userPartitions?: number,
  ): Promise<Member> {
    const member = {
      handled: [] as string[],
      letters: [] as Rejection[],
      failures: [] as unknown[],
      assigned: [] as number[][],
      owned: new Set<string>(),
    };
    const { stop } = await consume({
      kafka: test.kafka,
      groupId: `${test.prefix}.${group}`,
      subscriptions: topics.map((topic) => ({
        topic,
        decode,
        userPartitions,
        async handle(batch: IncomingBatch<string>) {
          await onBatch(batch);
          member.owned.add(`${topics.indexOf(topic)}/${batch.partition}`);
          for (const { key, value } of batch.messages) member.handled.push(`${key}=${value}`);
        },
      })),
      log: createLogger('test', 'silent'),
      metrics: createMetrics('test'),
      deadLetter: async (_source, rejections) => void member.letters.push(...rejections),
      onAssigned: (partitions) => void member.assigned.push(partitions),
      onFailure: (error) => void member.failures.push(error),
    });
    return Object.assign(member, { stop });
  }

  const put = (topic: string, key: string, value: string) =>
    producer.send(topic, { key, value: Buffer.from(value) });

  it('undecodable and rejected messages go to the dead letters, and the partition continues', async () => {
    const topic = await test.createTopic(1);
    for (const value of ['1', 'undecodable', 'against the rules', '2']) await put(topic, 'k', value);
    const member = await join('letters', [topic], (batch) => {
      for (const { offset, value } of batch.messages) {
        if (value === 'against the rules') batch.reject(offset, 'number.invalid', 'it is against the rules');
      }
    });
    await waitFor(() => member.handled.includes('k=2'), { message: 'the message behind the poison' });
    await member.stop();
    assert.deepEqual(
      member.letters.map(({ code, reason, message }) => [code, reason, message.value?.toString()]),
      [
        ['decode.magic', 'no magic', 'undecodable'],
        ['number.invalid', 'it is against the rules', 'against the rules'],
      ],
    );
    assert.deepEqual(member.handled, ['k=1', 'k=against the rules', 'k=2']);
    assert.deepEqual(await test.committed(`${test.prefix}.letters`, topic), [4]);
  });

  it('a message that is read again before its offset is committed has one dead letter', async () => {
    const topic = await test.createTopic(1);
    const groupId = `${test.prefix}.letters-once`;
    let [head, letters, readings] = [-1, 0, 0];
    const handled: string[] = [];
    let compared = Promise.withResolvers<void>();
    const consumption = await consume({
      kafka: test.kafka,
      groupId,
      subscriptions: [
        {
          topic,
          decode(bytes) {
            readings++;
            return decode(bytes);
          },
          async handle({ messages, lastOffset }: IncomingBatch<string>) {
            for (const { value } of messages) handled.push(value!);
            head = Math.max(head, lastOffset);
          },
        },
      ],
      log: createLogger('test', 'silent'),
      metrics: createMetrics('test'),
      async deadLetter(_source, rejections) {
        letters += rejections.length;
        if (letters > 1) return;
        // The state is compared with the log between the letter and the commit, as after a rebalance.
        compared = Promise.withResolvers();
        consumption.compareState();
        await compared.promise;
      },
      onFailure: (error) => assert.fail(String(error)),
      state: {
        readHead: async () => ({ offset: head, topicId: undefined, incarnation: 'one' }),
        writeHead: async () => undefined,
        clear: async () => undefined,
        forget: () => undefined,
        continueWith: () => compared.resolve(),
      },
    });
    await waitFor(async () => (await test.committed(groupId, topic))[0] === 0, {
      message: 'the start of the partition to be committed',
    });
    await put(topic, 'k', 'undecodable');
    await waitFor(() => readings >= 2, { message: 'the second reading' });
    await put(topic, 'k', 'good');
    await waitFor(() => handled.includes('good'), { message: 'the message behind it' });
    await consumption.stop();
    assert.equal(letters, 1);
    assert.deepEqual(await test.committed(groupId, topic), [2]);
  });

  it('dead-letters a message of a user in a partition to which its key does not belong', async () => {
    const topic = await test.createTopic(PARTITIONS);
    const own = partitionOfKey('ann', PARTITIONS);
    for (let partition = 0; partition < PARTITIONS; partition++)
      await producer.send(topic, { key: 'ann', value: Buffer.from(`in ${partition}`), partition });
    await producer.send(topic, { key: 'ann', value: null, partition: (own + 1) % PARTITIONS });
    await producer.send(topic, { key: 'ann', value: Buffer.from('undecodable'), partition: own });
    const member = await join('partitions', [topic], undefined, PARTITIONS);
    await waitFor(() => member.letters.length === 5 && member.handled.length === 1, {
      message: 'all messages',
    });
    await member.stop();
    assert.deepEqual(member.handled, [`ann=in ${own}`]);
    assert.deepEqual(member.letters.map(({ code }) => code).sort(), [
      'decode.magic',
      ...Array.from({ length: 4 }, () => 'partition.wrong'),
    ]);
  });

  it('hands over a large batch in parts, each committed once it was handled', async () => {
    const topic = await test.createTopic(1);
    const client = test.kafka.producer();
    await client.connect();
    const messages = Array.from({ length: 2_000 }, () => ({ key: 'k', value: '' }));
    for (let sent = 0; sent < 24_000; sent += messages.length) await client.send({ topic, messages });
    await client.disconnect();
    const parts: Array<[number, number]> = [];
    const member = await join('parts', [topic], (batch) => {
      parts.push([batch.messages.length, batch.lastOffset]);
      batch.reject(batch.lastOffset, 'number.invalid', 'the last of each part');
    });
    await waitFor(() => member.handled.length === 24_000, { message: 'all messages' });
    await member.stop();
    assert.deepEqual(parts, [
      [20_000, 19_999],
      [4_000, 23_999],
    ]);
    assert.deepEqual(
      member.letters.map(({ message }) => message.offset),
      ['19999', '23999'],
    );
    assert.deepEqual(await test.committed(`${test.prefix}.parts`, topic), [24_000]);
  });

  it('hands over few messages at a time if they are large', async () => {
    const topic = await test.createTopic(1);
    const client = test.kafka.producer();
    await client.connect();
    const value = 'x'.repeat(1_000_000);
    const messages = Array.from({ length: 12 }, () => ({ key: 'k', value }));
    await client.send({ topic, compression: CompressionTypes.GZIP, messages });
    await client.disconnect();
    const parts: number[] = [];
    const member = await join('large', [topic], ({ messages: some }) => void parts.push(some.length));
    await waitFor(() => parts.reduce((sum, part) => sum + part, 0) === 12, { message: 'all messages' });
    await member.stop();
    assert.deepEqual(parts, [8, 4]);
  });

  it('commits in every partition, also in an empty one and in one whose messages were all deleted', async () => {
    const topic = await test.createTopic(3);
    const admin = test.kafka.admin();
    await admin.connect();
    await producer.send(topic, { key: 'k', value: Buffer.from('gone'), partition: 1 });
    // kafkajs deletes records only in a topic whose leaders it has looked up before.
    await admin.fetchTopicOffsets(topic);
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 1, offset: '1' }] });
    await admin.disconnect();
    await producer.send(topic, { key: 'k', value: Buffer.from('1'), partition: 2 });
    const member = await join('empty', [topic]);
    const committed = () => test.committed(`${test.prefix}.empty`, topic);
    await waitFor(async () => String(await committed()) === '0,1,1', {
      message: 'a commit in each partition',
    });
    await member.stop();
    const second = await join('empty', [topic]);
    await put(topic, 'k', '2');
    await waitFor(() => second.handled.includes('k=2'), { message: 'the next message' });
    await second.stop();
    assert.deepEqual([...member.handled, ...second.handled], ['k=1', 'k=2']);
  });

  it('a batch reports its last offset, also if its last message is undecodable', async () => {
    const topic = await test.createTopic(1);
    for (const value of ['1', 'undecodable']) await put(topic, 'k', value);
    const reached: number[] = [];
    const member = await join('reach', [topic], ({ lastOffset }) => void reached.push(lastOffset));
    await waitFor(() => reached.at(-1) === 1, { message: 'the end of the topic' });
    await member.stop();
    assert.deepEqual(member.handled, ['k=1']);
  });

  it('an unexpected error stops the consumer before its commit, and the next one resumes there', async () => {
    const topic = await test.createTopic(1);
    await put(topic, 'k', '1');
    const first = await join('resume', [topic], ({ messages }) => {
      if (messages.some(({ value }) => value === 'trap')) throw new TypeError('unexpected');
    });
    await waitFor(() => first.handled.length > 0, { message: 'the first message' });
    await put(topic, 'k', 'trap');
    await put(topic, 'k', '2');
    await waitFor(() => first.failures.length > 0, { message: 'the failure' });
    await first.stop();
    assert.ok(first.failures[0] instanceof TypeError);
    assert.deepEqual(first.handled, ['k=1']);
    assert.deepEqual(await test.committed(`${test.prefix}.resume`, topic), [1]);

    const second = await join('resume', [topic]);
    await waitFor(() => second.handled.includes('k=2'), { message: 'what was left' });
    await second.stop();
    assert.deepEqual(second.handled, ['k=trap', 'k=2'], 'nothing twice, nothing missed');
    assert.deepEqual(await test.committed(`${test.prefix}.resume`, topic), [3]);
  });

  it('the current batch is finished and committed when the consumer stops', async () => {
    const topic = await test.createTopic(1);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let begun = false;
    const member = await join('drain', [topic], async () => {
      begun = true;
      await released;
    });
    await put(topic, 'k', '1');
    await waitFor(() => begun, { message: 'the batch in hand' });
    const stopped = member.stop();
    release();
    await stopped;
    assert.deepEqual(member.handled, ['k=1']);
    assert.deepEqual(await test.committed(`${test.prefix}.drain`, topic), [1]);
  });

  it('one member owns a partition of all topics, and nothing is lost when members join and leave', async () => {
    const topics = [await test.createTopic(PARTITIONS), await test.createTopic(PARTITIONS)];
    let sent = 0;
    const putRound = async (): Promise<void> => {
      const keys = Array.from({ length: 40 }, (_, i) => `user ${i}`);
      const value = String(sent++);
      await Promise.all(topics.flatMap((topic) => keys.map((key) => put(topic, key, value))));
    };
    const first = await join('share', topics);
    await putRound();
    const second = await join('share', topics);
    const spread = () => {
      const [a, b] = [first.assigned.at(-1) ?? [], second.assigned.at(-1) ?? []];
      return a.length === PARTITIONS / 2 && b.length === PARTITIONS / 2 && a.every((p) => !b.includes(p));
    };
    await waitFor(spread, { message: 'the partitions to be shared out' });
    first.owned.clear();
    second.owned.clear();
    await putRound();
    const all = () => new Set([...first.handled, ...second.handled]).size;
    await waitFor(() => all() === 80 && first.owned.size + second.owned.size >= 8, {
      message: 'the second round',
    });
    for (const member of [first, second]) {
      const ofTopic = (index: string) =>
        [...member.owned]
          .filter((one) => one.startsWith(index))
          .map((one) => one.slice(2))
          .sort();
      assert.deepEqual(ofTopic('0/'), ofTopic('1/'));
    }
    await second.stop();
    await putRound();
    await waitFor(() => all() === 120, { message: 'the third round' });
    await first.stop();
    assert.deepEqual([...first.failures, ...second.failures], []);
    for (const topic of topics) {
      const committed = await test.committed(`${test.prefix}.share`, topic);
      assert.equal(
        committed.reduce((sum, offset) => sum + Math.max(0, offset), 0),
        120,
      );
    }
  });
});
