import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { partitionOfKey } from './partitioner.ts';
import { readTopic, type TopicMessage } from './reader.ts';
import { type RequeuedLetter, type RequeueOptions, requeueDeadLetters } from './requeue.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

describe('requeue', () => {
  let test: TestNamespace;

  const letter = (change: object) => ({
    sourceTopic: 'actions',
    partition: 4,
    offset: 9,
    key: Buffer.from('ann'),
    value: Buffer.from('payload'),
    headers: { traceparent: Buffer.from('00-aa-bb-01') },
    stage: 'interests',
    code: 'decode.magic',
    reason: 'broken',
    failedAt: 1,
    messageBytes: null,
    ...change,
  });

  async function requeue(options: Partial<RequeueOptions> = {}) {
    const done: RequeuedLetter[] = [];
    const onRequeued = (requeued: RequeuedLetter) => done.push(requeued);
    const count = await requeueDeadLetters({ ...test, from: { at: 'beginning' }, onRequeued, ...options });
    assert.equal(count, done.length);
    return done;
  }

  async function messagesOf(name: 'actions' | 'items' | 'slates' | 'releases'): Promise<TopicMessage[]> {
    const messages: TopicMessage[] = [];
    const onMessage = (message: TopicMessage) => messages.push(message);
    await readTopic({ kafka: test.kafka, topic: test.topicOf(name), from: { at: 'beginning' }, onMessage });
    return messages;
  }

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    const letters = [
      letter({}),
      letter({ code: 'decode.bytes', key: null, partition: 5 }),
      letter({ sourceTopic: 'items', value: null, key: Buffer.from('tea') }),
    ];
    for (const value of letters) {
      await test.produce('dead-letters', { key: value.sourceTopic, value: test.encode('DeadLetter', value) });
    }
  });

  after(() => test.close());

  it('sends nothing in a dry run', async () => {
    assert.deepEqual(
      (await requeue({ dryRun: true })).map(({ sentTo }) => sentTo),
      [null, null, null],
    );
    assert.deepEqual(await messagesOf('actions'), []);
  });

  it('selects letters by topic, code, stage, offset and number', async () => {
    const offsets = async (options: Partial<RequeueOptions>) =>
      (await requeue({ dryRun: true, ...options })).map(({ offset }) => offset);
    assert.deepEqual(await offsets({ topic: 'actions' }), [0, 1]);
    assert.deepEqual(await offsets({ code: 'decode.bytes' }), [1]);
    assert.deepEqual(await offsets({ code: 'decode.bytes', stage: 'interests' }), [1]);
    assert.deepEqual(await offsets({ stage: 'feedback' }), []);
    assert.deepEqual(await offsets({ offset: 2 }), [2]);
    assert.deepEqual(await offsets({ offset: 3 }), []);
    assert.deepEqual(await offsets({ limit: 2 }), [0, 1]);
  });

  it('sends key, value and headers back to the source topic and reports the new offset', async () => {
    const [keyed, keyless] = await requeue({ topic: 'actions' });
    const messages = await messagesOf('actions');
    const at = (partition: number) => messages.find((message) => message.partition === partition)!;
    const home = partitionOfKey('ann', 6);
    assert.deepEqual(keyed?.sentTo, { partition: home, offset: 0 });
    assert.deepEqual(keyless?.sentTo, { partition: 5, offset: at(5).offset });
    const { key, value, headers } = at(home);
    assert.deepEqual(
      { key: key?.toString(), value: value?.toString(), trace: headers.traceparent?.toString() },
      { key: 'ann', value: 'payload', trace: '00-aa-bb-01' },
    );
    assert.equal(headers['requeued-from']?.toString(), '0:0');
  });

  it('sends a tombstone back as a tombstone', async () => {
    await requeue({ topic: 'items' });
    const [tombstone] = await messagesOf('items');
    assert.equal(tombstone?.key?.toString(), 'tea');
    assert.equal(tombstone?.value, null);
  });

  it('does not send a letter that holds only the beginning of its message', async () => {
    const value = test.encode('DeadLetter', letter({ sourceTopic: 'slates', messageBytes: 2_000_000 }));
    const { offset } = await test.produce('dead-letters', { key: 'slates', value });
    const skipped: number[] = [];
    const requeued = await requeue({ topic: 'slates', onSkipped: (one) => skipped.push(one.offset) });
    assert.deepEqual([requeued, skipped], [[], [offset]]);
    assert.deepEqual(await messagesOf('slates'), []);
  });

  it('sends one message for several letters of it, so that a requeue never doubles what is rejected again', async () => {
    const again = letter({ sourceTopic: 'releases', key: Buffer.from('g1'), value: Buffer.from('broken') });
    const other = { ...again, value: Buffer.from('other') };
    for (const one of [again, { ...again, headers: { 'requeued-from': Buffer.from('0:9') } }, other])
      await test.produce('dead-letters', { key: 'releases', value: test.encode('DeadLetter', one) });
    assert.equal((await requeue({ topic: 'releases' })).length, 2);
    const values = (await messagesOf('releases')).map(({ value }) => value?.toString());
    assert.deepEqual(values.sort(), ['broken', 'other']);
  });

  it("fails with the letter's name if its topic is not in the catalogue", async () => {
    const value = test.encode('DeadLetter', letter({ sourceTopic: 'elsewhere' }));
    const { offset } = await test.produce('dead-letters', { key: 'elsewhere', value });
    await assert.rejects(requeue({ offset }), { code: 'topics.unknown-topic', message: /elsewhere/ });
  });
});
