import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import { anAction } from '#contracts/domain/records.testing.ts';
import type { DeadLetter, UserAction } from '#contracts/generated/records.ts';
import type { TopicName } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { requeueDeadLetters } from '#topics/requeue.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { waitFor } from '../testing/wait-for.ts';
import { consume, type IncomingBatch } from './consumer.ts';
import { sendDeadLetters } from './dead-letters.ts';
import { createProducer, type SafeProducer } from './producer.ts';

const { ConfigResourceTypes } = kafkajs;
const log = createLogger('test', 'silent');

describe('the dead letters of a running consumer', () => {
  let test: TestNamespace;
  let producer: SafeProducer;
  let stop: () => Promise<void>;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    producer = await createProducer({ kafka: test.kafka, metrics: createMetrics('test') });
    ({ stop } = await consume({
      kafka: test.kafka,
      groupId: `${test.namespace}.group`,
      subscriptions: [
        {
          topic: test.topicOf('actions'),
          decode: (bytes) => test.codec.decode('UserAction', bytes) as never,
          async handle({ messages, reject }: IncomingBatch<UserAction>) {
            for (const { offset, value } of messages)
              if (value === null) reject(offset, 'message.tombstone', 'a tombstone is no action');
          },
        },
      ],
      log,
      metrics: createMetrics('test'),
      deadLetter: ({ partition }, rejections) =>
        sendDeadLetters({ stage: 'test', log, send }, { topic: 'actions', partition }, rejections),
      onFailure: (error) => assert.fail(String(error)),
    }));
  });

  after(async () => {
    await stop();
    await producer.close();
    await test.close();
  });

  const send = (key: TopicName, letter: DeadLetter) =>
    producer.send(test.topicOf('dead-letters'), { key, value: test.encode('DeadLetter', letter) });

  async function readLetters(): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf('dead-letters'),
      from: { at: 'beginning' },
      onMessage: async ({ value }) => void letters.push(await test.codec.decode('DeadLetter', value!)),
    });
    return letters;
  }

  async function requeuedBy(code: string): Promise<string[]> {
    const keys: string[] = [];
    await requeueDeadLetters({
      ...test,
      from: { at: 'beginning' },
      dryRun: true,
      code,
      onRequeued: ({ letter }) => keys.push(String(letter.key)),
    });
    return keys;
  }

  it('dead letters carry the precise code, by which requeue selects them', async () => {
    const encoded = test.encode('UserAction', anAction());
    const unknownSchema = Buffer.from(encoded);
    unknownSchema.writeInt32BE(2_000_000_000, 1);
    const messages = {
      sound: encoded,
      json: Buffer.from('{"oops":1}'),
      foreign: unknownSchema,
      short: encoded.subarray(0, -3),
      tombstone: null,
    };
    for (const [key, value] of Object.entries(messages)) await test.produce('actions', { key, value });
    const letters = await waitFor(
      async () => {
        const found = await readLetters();
        return found.length === 4 && found;
      },
      { message: 'four dead letters' },
    );
    const codeOf = Object.fromEntries(letters.map(({ key, code }) => [String(key), code]));
    assert.deepEqual(codeOf, {
      json: 'decode.magic',
      foreign: 'decode.schema-unknown',
      short: 'decode.bytes',
      tombstone: 'message.tombstone',
    });
    for (const [key, code] of Object.entries(codeOf)) assert.deepEqual(await requeuedBy(code), [key]);
  });

  it('are cut to the limit of the broker, and say so', async () => {
    const admin = test.kafka.admin();
    await admin.connect();
    const limit = (name: TopicName, bytes: number) => ({
      type: ConfigResourceTypes.TOPIC,
      name: test.topicOf(name),
      configEntries: [{ name: 'max.message.bytes', value: String(bytes) }],
    });
    await admin.alterConfigs({
      validateOnly: false,
      resources: [limit('actions', 3_000_000), limit('dead-letters', 200_000)],
    });
    await admin.disconnect();
    const value = randomBytes(2_000_000);
    value[0] = 7;
    // The broker takes the new limits a moment after it has confirmed them.
    const sent = () =>
      test.produce('actions', { key: 'large', value, headers: { trace: 't' } }).catch(() => undefined);
    await waitFor(sent, { message: 'the message to be accepted' });
    const [letter] = await waitFor(
      async () => {
        const found = (await readLetters()).filter(({ key }) => String(key) === 'large');
        return found.length > 0 && found;
      },
      { message: 'the letter' },
    );
    assert.equal(letter?.code, 'decode.magic');
    assert.equal(letter.messageBytes, 2_000_000 + 'large'.length + 'trace'.length + 't'.length);
    assert.ok(letter.value!.length > 100_000);
    assert.deepEqual(letter.value, value.subarray(0, letter.value!.length));
    assert.deepEqual(await requeuedBy('decode.magic'), ['json']);
  });
});
