import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LogBatch } from '#topics/kafka/group-session.ts';
import { createLogger } from '../observability/logger.ts';
import { createMetrics } from '../observability/metrics.ts';
import { openTestKafka, type TestKafka } from '../testing/kafka.ts';
import { HeldPartitions } from './held-partitions.ts';
import { StateContended } from './held-state.ts';

describe('the partitions of a stage with state', () => {
  let test: TestKafka;

  before(async () => {
    test = await openTestKafka();
  });

  after(() => test.close());

  /** A topic of one partition and four messages, whose state includes the first `included`; another process may advance it. */
  async function open(included: number) {
    const topic = await test.createTopic(1);
    const producer = test.kafka.producer();
    await producer.connect();
    await producer.send({ topic, messages: ['0', '1', '2', '3'].map((value) => ({ value })) });
    await producer.disconnect();
    const state = { offset: included - 1 };
    const seeks: number[] = [];
    const held = new HeldPartitions({
      kafka: test.kafka,
      groupId: `${topic}.group`,
      topics: [topic],
      state: {
        readHead: async () => ({ offset: state.offset, topicId: undefined, incarnation: 'one' }),
        writeHead: async () => undefined,
        clear: async () => assert.fail('no state is lost'),
        forget: () => undefined,
      },
      session: {
        inTurn: (_topic, _partition, work) => work(),
        seek: (_topic, _partition, offset) => void seeks.push(offset),
      },
      log: createLogger('test', 'silent'),
      metrics: createMetrics('test'),
      newIncarnation: () => assert.fail('no state begins'),
      onSeek: () => undefined,
    });
    const batch: LogBatch = {
      topic,
      partition: 0,
      messages: [],
      readFrom: included,
      lastOffset: 3,
      lag: 0,
      isWanted: () => true,
    };
    return { topic, held, state, seeks, batch };
  }

  it('an owner for whose state another process contends reads on from where that one ended', async () => {
    const { topic, held, state, seeks, batch } = await open(1);
    held.assign({ [topic]: [0] });
    const outcome = await held.handle(batch, async () => {
      seeks.length = 0;
      state.offset = 2;
      throw new StateContended(0, 10);
    });
    assert.equal(outcome, undefined);
    assert.deepEqual(seeks, [3]);
    assert.equal(await held.handle({ ...batch, readFrom: 3 }, async () => 'handled'), 'handled');
    await held.close();
  });

  it('a former owner that contends for the state drops its batch', async () => {
    const { topic, held, state, seeks, batch } = await open(1);
    held.assign({ [topic]: [0] });
    const outcome = await held.handle(batch, async () => {
      seeks.length = 0;
      held.assign({});
      state.offset = 2;
      throw new StateContended(0, 10);
    });
    assert.equal(outcome, undefined);
    assert.deepEqual(seeks, []);
    await held.close();
  });
});
