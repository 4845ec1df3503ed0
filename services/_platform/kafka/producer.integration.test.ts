import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { Kafka, logLevel } from 'kafkajs';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { type Acknowledgement, MAX_RECORD_BYTES } from './lanes.ts';
import { createProducer, type SafeProducer } from './producer.ts';

/** ConfigResourceTypes.TOPIC, which kafkajs does not export to ES modules. */
const TOPIC_RESOURCE = 2;
const metrics = createMetrics('test');
const placeOf = ({ partition, offset }: Acknowledgement): string => `${partition}/${offset}`;

describe('the producer', () => {
  let test: TestKafka;
  let producer: SafeProducer;

  before(async () => {
    test = await openTestKafka();
    producer = await createProducer({ kafka: test.kafka, metrics });
  });

  after(async () => {
    await producer.close();
    await test.close();
  });

  it('each message resolves with its offset, and the order within a partition is kept', async () => {
    const topic = await test.createTopic(4);
    const keys = Array.from({ length: 3_000 }, (_, i) => `user ${i % 50}`);
    const sent = await Promise.all(
      keys.map((key, i) => producer.send(topic, { key, value: Buffer.from(String(i)) })),
    );
    const log = await test.readAll(topic);
    const places = new Map(log.map((message) => [placeOf(message), message]));
    assert.equal(log.length, keys.length);
    for (const [i, acknowledgement] of sent.entries()) {
      const message = places.get(placeOf(acknowledgement));
      assert.deepEqual([message?.key?.toString(), message?.value?.toString()], [keys[i], String(i)]);
    }
    for (const partition of [0, 1, 2, 3]) {
      const values = log.filter((one) => one.partition === partition).map(({ value }) => Number(value));
      assert.deepEqual(
        values,
        values.toSorted((a, b) => a - b),
      );
    }
  });

  it('a message that is too large for the brokers fails alone, and for good', async () => {
    const topic = await test.createTopic(1);
    const admin = test.kafka.admin();
    await admin.connect();
    const configEntries = [{ name: 'max.message.bytes', value: '20000' }];
    const resources = [{ type: TOPIC_RESOURCE, name: topic, configEntries }];
    await admin.alterConfigs({ validateOnly: false, resources });
    await admin.disconnect();
    const sizes = [10, 30_000, 20, MAX_RECORD_BYTES, 30];
    const sent = await Promise.allSettled(
      sizes.map((size, i) => producer.send(topic, { key: `${i}`, value: Buffer.alloc(size) })),
    );
    assert.deepEqual(
      sent.map((one) => (one.status === 'fulfilled' ? 'in the log' : one.reason.code)),
      ['in the log', 'entry.too-large', 'in the log', 'entry.too-large', 'in the log'],
    );
    assert.deepEqual(
      (await test.readAll(topic)).map(({ value }) => value?.length),
      [10, 20, 30],
    );
  });

  it('the largest record that is allowed is accepted by brokers with their default limit', async () => {
    const topic = await test.createTopic(1);
    const key = 'k'.repeat(256);
    const headers = { traceparent: 'x'.repeat(55) };
    const largest = MAX_RECORD_BYTES - key.length - 'traceparent'.length - 55;
    await producer.send(topic, { key, headers, value: Buffer.alloc(largest, 1) });
    await assert.rejects(producer.send(topic, { key, headers, value: Buffer.alloc(largest + 1, 1) }), {
      code: 'entry.too-large',
      retryable: false,
    });
  });

  it('a key has the partition that other clients choose', async () => {
    const topic = await test.createTopic(7);
    const keys = ['a', 'user 17', 'ключ', '茶'];
    const other = test.kafka.producer();
    await other.connect();
    await other.send({ topic, messages: keys.map((key) => ({ key, value: null })) });
    await other.disconnect();
    for (const key of keys) await producer.send(topic, { key, value: null });
    const partitions = new Map<string | undefined, Set<number>>();
    for (const { key, partition } of await test.readAll(topic)) {
      partitions.set(key?.toString(), (partitions.get(key?.toString()) ?? new Set()).add(partition));
    }
    assert.deepEqual(
      [...partitions.values()].map(({ size }) => size),
      [1, 1, 1, 1],
    );
  });

  it('messages that exceed one request are split', async () => {
    const topic = await test.createTopic(1);
    const value = Buffer.alloc(100_000, 'x');
    const sent = await Promise.all(
      Array.from({ length: 30 }, () => producer.send(topic, { key: 'k', value })),
    );
    assert.deepEqual(
      sent.map(({ offset }) => offset),
      Array.from({ length: 30 }, (_, i) => i),
    );
  });

  it('tombstones, headers and times are sent', async () => {
    const topic = await test.createTopic(1);
    await producer.send(topic, { key: 'k', value: null, headers: { traceparent: 'here' }, timestamp: 1_234 });
    const [message] = await test.readAll(topic);
    assert.equal(message?.value, null);
    assert.equal(message?.headers.traceparent?.toString(), 'here');
    assert.equal(message?.timestamp, 1_234);
  });

  it('a missing topic is named, and used once it exists', async () => {
    await assert.rejects(producer.send(`${test.prefix}.none`, { key: 'k', value: null }), {
      code: 'kafka.unacknowledged',
      retryable: true,
      message: /none does not exist: run `npm run topics -- apply`/,
    });
  });

  it('a message that the brokers reject is rejected, and the next one is sent', async () => {
    const topic = await test.createTopic(1);
    await assert.rejects(producer.send(topic, { key: 'k', value: Buffer.alloc(2_000_000, 'x') }), {
      code: 'entry.too-large',
    });
    assert.deepEqual(await producer.send(topic, { key: 'k', value: null }), { partition: 0, offset: 0 });
  });

  it('messages are rejected at once while too much waits, and accepted again afterwards', async () => {
    const topic = await test.createTopic(1);
    const small = await createProducer({ kafka: test.kafka, metrics, maxWaitingBytes: 1_000 });
    const value = Buffer.alloc(800);
    const first = small.send(topic, { key: 'a', value });
    await assert.rejects(small.send(topic, { key: 'b', value }), {
      code: 'kafka.unacknowledged',
      retryable: true,
      message: /already wait for the brokers/,
    });
    await first;
    await small.send(topic, { key: 'b', value });
    await small.close();
    assert.equal((await test.readAll(topic)).length, 2);
  });

  it('everything is settled before the producer closes', async () => {
    const topic = await test.createTopic(2);
    const closing = await createProducer({ kafka: test.kafka, metrics, lingerMs: 1_000 });
    await Promise.all(['a', 'b'].map((key) => closing.send(topic, { key, value: null })));
    // These have to wait.
    const sent = ['a', 'b', 'c', 'd'].map((key) => closing.send(topic, { key, value: null }));
    await closing.close();
    assert.equal(new Set((await Promise.all(sent)).map(placeOf)).size, 4);
    assert.equal((await test.readAll(topic)).length, 6);
  });

  it('a message is never confirmed in place of an earlier one with an unknown outcome', async () => {
    const topic = await test.createTopic(1);
    const wire = createLossyWire();
    const kafka = new Kafka({
      brokers: (process.env.KAFKA_BROKERS ?? '').split(','),
      socketFactory: wire.socketFactory,
      retry: { retries: 1, initialRetryTime: 10 },
      logLevel: logLevel.NOTHING,
    });
    const unlucky = await createProducer({ kafka, metrics });
    assert.deepEqual(await unlucky.send(topic, { key: 'k', value: Buffer.from('first') }), {
      partition: 0,
      offset: 0,
    });
    wire.loseAnswers(2);
    await assert.rejects(unlucky.send(topic, { key: 'k', value: Buffer.from('unknown fate') }), {
      code: 'kafka.unacknowledged',
    });
    const next = await unlucky.send(topic, { key: 'k', value: Buffer.from('next') });
    await unlucky.close();
    const log = await test.readAll(topic);
    assert.equal(log.find(({ offset }) => offset === next.offset)?.value?.toString(), 'next');
    assert.deepEqual(
      log.map(({ value }) => value?.toString()),
      ['first', 'unknown fate', 'next'],
    );
  });
});

const PRODUCE = 0;

/** Connections that, on request, break when the responses to the next writes arrive. */
function createLossyWire() {
  let left = 0;
  return {
    loseAnswers(count: number): void {
      left = count;
    },
    socketFactory({ host, port, onConnect }: { host: string; port: number; onConnect: () => void }): Socket {
      const socket = connect({ host, port }, onConnect);
      const write = socket.write.bind(socket) as (data: Buffer) => boolean;
      const lossy = Object.assign(socket, {
        write(data: Buffer): boolean {
          // A request starts with its length and the number of its kind.
          if (left > 0 && data.readInt16BE(4) === PRODUCE) {
            left -= 1;
            socket.removeAllListeners('data');
            socket.once('data', () => socket.destroy(new Error('the response is lost')));
          }
          return write(data);
        },
      });
      return lossy;
    },
  };
}
