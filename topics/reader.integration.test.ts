import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { withAdmin } from './connection.ts';
import type { Position } from './positions.ts';
import { type ReadOptions, readTopic, STOP, type TopicMessage } from './reader.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

const TIMES = [1_000, 2_000, 3_000, 4_000].map((seconds) => Date.parse('2026-03-01T00:00:00Z') + seconds);

describe('reading a topic', () => {
  let test: TestNamespace;
  let topic = '';

  /** Partition 0 of items holds a, b, c, d; partition 1 holds e; partition 2 nothing. */
  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    topic = test.topicOf('items');
    for (const [index, text] of ['a', 'b', 'c', 'd'].entries()) {
      const timestamp = String(TIMES[index]);
      await test.produce('items', {
        key: text,
        value: text,
        partition: 0,
        timestamp,
        headers: { h: `h-${text}` },
      });
    }
    await test.produce('items', { key: 'e', value: null, partition: 1, timestamp: String(TIMES[0]) });
  });

  after(() => test.close());

  async function read(from: Position, options: Partial<ReadOptions> = {}) {
    const messages: TopicMessage[] = [];
    const onMessage = (message: TopicMessage) => void messages.push(message);
    const { next } = await readTopic({ kafka: test.kafka, topic, from, onMessage, ...options });
    const keys = messages.map(({ key }) => key?.toString()).sort();
    return { keys: keys.join(''), messages, next: Object.fromEntries(next) };
  }

  it('a read returns all existing messages, complete and in order, and the positions from which to resume', async () => {
    const { keys, messages, next } = await read({ at: 'beginning' });
    assert.equal(keys, 'abcde');
    assert.deepEqual(next, { 0: 4, 1: 1, 2: 0 });
    const first = messages.filter(({ partition }) => partition === 0);
    assert.deepEqual(
      first.map(({ offset }) => offset),
      [0, 1, 2, 3],
    );
    assert.deepEqual(first[1], {
      partition: 0,
      offset: 1,
      timestamp: TIMES[1],
      key: Buffer.from('b'),
      value: Buffer.from('b'),
      headers: { h: Buffer.from('h-b') },
    });
    assert.equal(messages.find(({ partition }) => partition === 1)?.value, null);
  });

  it('a read starts at the given position', async () => {
    assert.equal((await read({ at: 'last', count: 1 })).keys, 'de');
    assert.equal((await read({ at: 'offset', offset: 2 })).keys, 'cd');
    assert.equal((await read({ at: 'time', timestamp: TIMES[2]! })).keys, 'cd');
    assert.equal((await read({ at: 'offsets', offsets: new Map([[0, 3]]) })).keys, 'de');
    assert.equal((await read({ at: 'end' })).keys, '');
    assert.equal((await read({ at: 'beginning' }, { partitions: [1, 2] })).keys, 'e');
  });

  it('a read ends at STOP, and a later read resumes there', async () => {
    const stopped = await read(
      { at: 'beginning' },
      { partitions: [0], onMessage: ({ offset }) => offset === 1 && STOP },
    );
    assert.deepEqual(stopped.next, { 0: 2 });
    const offsets = new Map([[0, stopped.next[0]!]]);
    assert.equal((await read({ at: 'offsets', offsets }, { partitions: [0] })).keys, 'cd');
  });

  it('a read follows new messages until it is aborted', async () => {
    const abort = new AbortController();
    const seen: string[] = [];
    const following = readTopic({
      kafka: test.kafka,
      topic,
      from: { at: 'offsets', offsets: new Map([[0, 3]]) },
      until: 'never',
      signal: abort.signal,
      onMessage: async ({ key }) => {
        seen.push(String(key));
        if (String(key) === 'd') await test.produce('items', { key: 'f', value: 'f', partition: 2 });
        if (String(key) === 'f') abort.abort();
      },
    });
    const { next } = await following;
    assert.deepEqual([...seen].sort(), ['d', 'e', 'f']);
    assert.equal(next.get(2), 1);
  });

  it('an error of the caller is thrown, without a second delivery', async () => {
    let calls = 0;
    const onMessage = () => {
      calls += 1;
      throw new Error('enough');
    };
    await assert.rejects(read({ at: 'beginning' }, { onMessage }), { message: 'enough' });
    assert.equal(calls, 1);
  });

  it('a read leaves no consumer group behind', async () => {
    await read({ at: 'beginning' });
    const { groups } = await withAdmin(test.kafka, (admin) => admin.listGroups());
    assert.deepEqual(
      groups.filter(({ groupId }) => groupId.startsWith(test.namespace)),
      [],
    );
  });

  it('a read fails if the brokers send nothing for the given time', async () => {
    // Within one millisecond not even the join of the group completes.
    await assert.rejects(read({ at: 'offset', offset: 1 }, { partitions: [0], stallMs: 1 }), {
      code: 'topics.stalled',
      message: /unread: partition 0 at offset 1/,
      retryable: true,
    });
  });

  it('a missing topic or partition is named', async () => {
    const unknown = readTopic({ ...test, topic: 'nowhere', from: { at: 'end' }, onMessage: () => undefined });
    await assert.rejects(unknown, { code: 'topics.unknown-topic' });
    await assert.rejects(read({ at: 'end' }, { partitions: [7] }), { code: 'topics.option' });
  });
});
