import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { TopicName } from './catalog.ts';
import { COPIED_FROM_HEADER, COPIED_TOPICS, copyNamespace } from './copy.ts';
import { partitionOfKey } from './partitioner.ts';
import { readTopic, type TopicMessage } from './reader.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';
import { readPartitionCount } from './user-partitions.ts';

const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);

describe('a copy of a namespace', () => {
  let from: TestNamespace;
  let to: TestNamespace;

  before(async () => {
    [from, to] = [await openTestNamespace(), await openTestNamespace()];
    await from.apply({ userPartitions: 2 });
    await to.apply({ userPartitions: 4 });
  });
  after(() => Promise.all([from.close(), to.close()]));

  async function read(namespace: TestNamespace, topic: TopicName): Promise<TopicMessage[]> {
    const messages: TopicMessage[] = [];
    await readTopic({
      kafka: namespace.kafka,
      topic: namespace.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: (message) => void messages.push(message),
    });
    return messages;
  }

  const texts = (messages: readonly TopicMessage[], key: string): string[] =>
    messages.filter((message) => message.key?.toString() === key).map(({ value }) => String(value));

  const copy = (signal?: AbortSignal) =>
    copyNamespace({
      kafka: from.kafka,
      from: from.namespace,
      to: to.namespace,
      ...(signal && { signal }),
    });

  async function act(count: number, round: string): Promise<void> {
    for (let i = 0; i < count; i++)
      await from.produce('actions', { key: USERS[i % USERS.length]!, value: `${round} ${i}` });
  }

  it('a namespace is created with a number of partitions, keeps it, and refuses another one', async () => {
    for (const topic of ['actions', 'slates', 'rewards', 'interests', 'proposals', 'candidates'] as const)
      assert.equal(await readPartitionCount(from.kafka, from.topicOf(topic)), 2);
    await from.apply();
    assert.equal(await readPartitionCount(from.kafka, from.topicOf('actions')), 2);
    await assert.rejects(from.apply({ userPartitions: 4 }), {
      code: 'topics.refused',
      message: /has 2 partitions and should have 4/,
    });
  });

  it('an unknown namespace, one with other messages, and the namespace itself are refused', async () => {
    const options = { kafka: from.kafka, from: from.namespace };
    await assert.rejects(copyNamespace({ ...options, to: 'nowhere' }), { code: 'topics.unknown-topic' });
    await assert.rejects(copyNamespace({ ...options, to: from.namespace }), { code: 'topics.option' });
    const used = await openTestNamespace();
    try {
      await used.apply();
      await used.produce('actions', { key: 'ann', value: 'hers' });
      await assert.rejects(copyNamespace({ ...options, to: used.namespace }), {
        code: 'topics.option',
        message: /holds messages and no copies/,
      });
    } finally {
      await used.close();
    }
  });

  it('every message is copied with its key, time and headers, in the order of its key', async () => {
    await act(120, 'first');
    await from.produce('items', { key: 'rye', value: 'bread' });
    await from.produce('items', { key: 'rye', value: null });
    await from.produce('slates', {
      key: 'user-1',
      value: 'slate',
      timestamp: '1000000000000',
      headers: { traceparent: 'trace' },
    });
    const copied = await copy();
    assert.deepEqual(
      copied.map(({ topic, copied: count, partitions }) => [topic, count, ...partitions]),
      [
        ['items', 2, 3, 3],
        ['experiments', 0, 1, 1],
        ['slates', 1, 2, 4],
        ['actions', 120, 2, 4],
      ],
    );
    const [before, now] = [await read(from, 'actions'), await read(to, 'actions')];
    for (const user of USERS) assert.deepEqual(texts(now, user), texts(before, user));
    for (const { key, partition } of now) assert.equal(partition, partitionOfKey(key!, 4));
    assert.deepEqual(
      (await read(to, 'items')).map(({ value }) => value?.toString() ?? null),
      ['bread', null],
    );
    const [slate] = await read(to, 'slates');
    assert.equal(slate?.timestamp, 1_000_000_000_000);
    assert.equal(slate?.headers.traceparent?.toString(), 'trace');
    assert.match(slate?.headers[COPIED_FROM_HEADER]?.toString() ?? '', /^[01]:0$/);
  });

  it('a further copy goes on after what is there, also after one that was stopped', async () => {
    await act(700, 'second');
    const stopping = new AbortController();
    setImmediate(() => stopping.abort());
    assert.ok((await copy(stopping.signal)).length < COPIED_TOPICS.length);
    const actions = (await copy()).find(({ topic }) => topic === 'actions');
    assert.equal((actions?.copied ?? 0) + (actions?.found ?? 0), 820);
    assert.ok((actions?.found ?? 0) >= 120);
    const [before, now] = [await read(from, 'actions'), await read(to, 'actions')];
    assert.equal(now.length, 820);
    for (const user of USERS) assert.deepEqual(texts(now, user), texts(before, user));
  });
});
