import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Kafka, Message, ProducerRecord, RecordMetadata } from 'kafkajs';
import { createMetrics } from '../observability/metrics.ts';
import { waitFor } from '../testing/wait-for.ts';
import { createProducer } from './producer.ts';

const TOPIC = 'actions';

interface SentRequest {
  /** Number of the kafkajs producer that sent it. */
  readonly session: number;
  /** `partition: values` of each partition. */
  readonly parts: readonly string[];
  readonly answer: (omitted?: readonly number[]) => void;
  readonly fail: (error: Error) => void;
}

/** A client of brokers that answer when the test says so. @param leaders of the partitions */
function createFakeKafka(leaders: readonly number[]) {
  const requests: SentRequest[] = [];
  const logs = leaders.map((): string[] => []);
  let sessions = 0;

  function send(session: number, { messages }: ProducerRecord): Promise<RecordMetadata[]> {
    const byPartition = Map.groupBy(
      messages as Array<Message & { partition: number }>,
      (one) => one.partition,
    );
    const valuesOf = (partition: number) => byPartition.get(partition)!.map(({ value }) => String(value));
    const { promise, resolve, reject } = Promise.withResolvers<RecordMetadata[]>();
    requests.push({
      session,
      parts: [...byPartition.keys()].map((partition) => `${partition}: ${valuesOf(partition)}`),
      answer(omitted = []) {
        const named = [...byPartition.keys()].filter((partition) => !omitted.includes(partition));
        resolve(
          named.map((partition) => {
            const baseOffset = String(logs[partition]!.length);
            logs[partition]!.push(...valuesOf(partition));
            return { topicName: TOPIC, partition, errorCode: 0, baseOffset };
          }),
        );
      },
      fail: reject,
    });
    return promise;
  }

  const nothing = async (): Promise<void> => undefined;
  const partitions = leaders.map((leader, partitionId) => ({ partitionId, leader }));
  const kafka = {
    admin: () => ({
      connect: nothing,
      disconnect: nothing,
      fetchTopicMetadata: async () => ({ topics: [{ partitions }] }),
    }),
    producer() {
      const session = sessions++;
      return {
        connect: nothing,
        disconnect: nothing,
        send: (record: ProducerRecord) => send(session, record),
      };
    },
  } as unknown as Kafka;
  return { kafka, requests, logs };
}

async function open(leaders: readonly number[], lingerMs = 1) {
  const brokers = createFakeKafka(leaders);
  const producer = await createProducer({
    kafka: brokers.kafka,
    metrics: createMetrics('test'),
    lingerMs,
  });
  // With a key alone the leaders are looked up.
  const warm = producer.send(TOPIC, { key: 'warm', value: null, partition: leaders.length - 1 });
  const looked = producer.send(TOPIC, { key: 'looked up', value: null });
  const isSettled = Promise.all([warm, looked]);
  await waitFor(
    () => {
      for (const one of brokers.requests.splice(0)) one.answer();
      return Promise.race([isSettled.then(() => true), new Promise((resolve) => setTimeout(resolve, 5))]);
    },
    { message: 'the leaders are known' },
  );
  for (const log of brokers.logs) log.length = 0;
  const put = (partition: number, value: string) =>
    producer.send(TOPIC, { key: value, value: Buffer.from(value), partition });
  const next = (): Promise<SentRequest> =>
    waitFor(() => brokers.requests.shift(), { message: 'the next request' });
  return { ...brokers, producer, put, next };
}

describe('a request of the producer', () => {
  it('carries the partitions of one leader together, and those of each leader apart', async () => {
    const { put, next } = await open([1, 2, 1, 1]);
    const sent = Promise.all([put(0, 'a'), put(1, 'b'), put(2, 'c'), put(0, 'd')]);
    const requests = [await next(), await next()];
    assert.deepEqual(requests.map(({ parts }) => parts).sort(), [['0: a,d', '2: c'], ['1: b']]);
    for (const one of requests) one.answer();
    assert.deepEqual(await sent, [
      { partition: 0, offset: 0 },
      { partition: 1, offset: 0 },
      { partition: 2, offset: 0 },
      { partition: 0, offset: 1 },
    ]);
  });

  it('follows a quiet time at once', async () => {
    const { kafka, requests } = createFakeKafka([1]);
    const producer = await createProducer({ kafka, metrics: createMetrics('test'), lingerMs: 3_600_000 });
    const sent = producer.send(TOPIC, { key: 'k', value: null, partition: 0 });
    (await waitFor(() => requests.shift(), { message: 'the request' })).answer();
    await sent;
  });

  it('takes all that came while its first message lingered, where the route was not quiet', async () => {
    const { put, next, requests } = await open([1], 300);
    const sent = [put(0, 'a')];
    const first = await next();
    first.answer();
    await sent[0];
    await delay(5);
    sent.push(put(0, 'b'));
    await delay(20);
    assert.equal(requests.length, 0, 'it lingers');
    sent.push(put(0, 'c'));
    const second = await next();
    assert.deepEqual([first.parts, second.parts], [['0: a'], ['0: b,c']]);
    second.answer();
    await Promise.all(sent);
  });

  it('leaves out what has waited too long, which is rejected, and nothing behind it', async () => {
    const { put, next, producer, requests } = await open([1, 1]);
    const first = put(0, 'a');
    const under = await next();
    const limited = (partition: number, value: string, withinMs: number) =>
      producer.send(TOPIC, { key: value, value: Buffer.from(value), partition, withinMs });
    const late = [limited(0, 'b', 1), limited(1, 'c', 1)];
    const patient = [limited(0, 'd', 60_000), put(0, 'e')];
    for (const one of late) one.catch(() => undefined);
    await delay(10);
    under.answer();
    await first;
    for (const one of late)
      await assert.rejects(one, { code: 'kafka.unacknowledged', retryable: true, message: /within 1 ms/ });
    const rest = await next();
    assert.deepEqual(rest.parts, ['0: d,e']);
    rest.answer();
    await Promise.all(patient);
    const alone = limited(1, 'f', 60_000);
    (await next()).answer();
    await alone;
    assert.equal(requests.length, 0);
  });

  it('takes all that came while the request before it was under way', async () => {
    const { put, next, requests } = await open([1, 1, 1, 2]);
    const first = put(0, 'a');
    const under = await next();
    const later = [put(0, 'b'), put(1, 'c'), put(2, 'd'), put(1, 'e')];
    const other = put(3, 'of another leader');
    (await next()).answer();
    await other;
    assert.equal(requests.length, 0, 'a leader has one request at a time');
    under.answer();
    const all = await next();
    assert.deepEqual(all.parts.toSorted(), ['0: b', '1: c,e', '2: d']);
    all.answer();
    await Promise.all([first, ...later]);
  });

  it('whose response omits partitions is repeated for these alone, by another session and before their later messages', async () => {
    const { put, next, logs } = await open([1, 1, 1]);
    const sent = [put(0, 'a'), put(1, 'b'), put(2, 'c')];
    const incomplete = await next();
    const later = put(1, 'later');
    incomplete.answer([1, 2]);
    assert.deepEqual(await sent[0], { partition: 0, offset: 0 });
    const repeated = [await next()];
    repeated[0]!.answer();
    repeated.push(await next());
    repeated[1]!.answer();
    assert.deepEqual(repeated.map(({ parts }) => parts).sort(), [['1: b'], ['2: c']]);
    assert.ok(repeated.every(({ session }) => session > incomplete.session));
    (await next()).answer();
    await Promise.all([...sent, later]);
    assert.deepEqual(logs, [['a'], ['b', 'later'], ['c']]);
  });

  it('whose response omits its only partition is not acknowledged', async () => {
    const { put, next } = await open([1]);
    const sent = put(0, 'a');
    (await next()).answer([0]);
    await assert.rejects(sent, { code: 'kafka.unacknowledged', retryable: true });
  });

  it('that fails rejects the messages of all its partitions, and the next one is sent by another session', async () => {
    const { put, next } = await open([1, 1]);
    const sent = [put(0, 'a'), put(1, 'b')];
    const failed = await next();
    failed.fail(new Error('no broker'));
    for (const one of sent) await assert.rejects(one, { code: 'kafka.unacknowledged', retryable: true });
    const again = put(1, 'c');
    const request = await next();
    assert.ok(request.session > failed.session);
    request.answer();
    await again;
  });

  it('that is too large together is sent again part by part', async () => {
    const { put, next } = await open([1, 1]);
    const sent = [put(0, 'a'), put(1, 'b')];
    (await next()).fail(Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' }));
    const first = await next();
    assert.deepEqual(first.parts, ['0: a']);
    first.fail(Object.assign(new Error('too large'), { type: 'MESSAGE_TOO_LARGE' }));
    await assert.rejects(sent[0]!, { code: 'entry.too-large' });
    const second = await next();
    assert.deepEqual(second.parts, ['1: b']);
    second.answer();
    await sent[1];
  });

  it('to a leader that does not answer holds up the partitions of no other leader', async () => {
    const { put, next } = await open([1, 2]);
    const stuck = put(0, 'stuck');
    const unanswered = await next();
    for (const value of ['a', 'b', 'c']) {
      const sent = put(1, value);
      const request = await next();
      assert.deepEqual(request.parts, [`1: ${value}`]);
      request.answer();
      await sent;
    }
    unanswered.answer();
    await stuck;
  });
});
