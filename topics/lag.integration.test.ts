import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { someInterests } from '#contracts/domain/records.testing.ts';
import { TOPICS } from './catalog.ts';
import type { HopTime } from './hop-times.ts';
import { groupLags, renderLags } from './lag.ts';
import { type WatchedInterval, watchLag } from './lag-watch.ts';
import { listTopics, renderListing } from './list.ts';
import { openTestNamespace, type TestNamespace } from './test-namespace.ts';

describe('topics -- list and lag', () => {
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
  });

  after(() => test.close());

  it('list reports missing topics', async () => {
    const listings = await listTopics(test.kafka, test.namespace);
    assert.equal(listings.length, TOPICS.length);
    assert.ok(listings.every(({ actual }) => actual === null));
    assert.match(renderListing(listings), /actions +missing +userId/);
  });

  it('list counts partitions and messages', async () => {
    await test.apply();
    for (const partition of [0, 0, 0, 2]) await test.produce('items', { key: 'tea', value: 'x', partition });
    const listings = await listTopics(test.kafka, test.namespace);
    assert.deepEqual(listings.find(({ name }) => name === 'items')?.actual, { partitions: 3, messages: 4 });
  });

  it('lag shows how far a group is behind, running and stopped', async () => {
    const topic = test.topicOf('items');
    const groupId = `${test.namespace}.index`;
    const consumer = test.kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
    const events = new EventEmitter();
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    const joined = once(events, 'joined');
    consumer.on(consumer.events.GROUP_JOIN, () => events.emit('joined'));
    await consumer.run({ autoCommit: false, eachMessage: async () => undefined });
    await joined;
    const isCommitted = async (): Promise<boolean> => {
      const [lag] = await groupLags(test.kafka, test.namespace);
      return lag?.partitions[0]?.committed === 1;
    };
    // A commit right after the join may be without effect, and without an error.
    for (let attempt = 0; attempt < 50 && !(await isCommitted()); attempt++) {
      await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);
      await delay(100);
    }

    const expected = {
      group: groupId,
      topic,
      lag: 3,
      partitions: [
        { partition: 0, committed: 1, end: 3, lag: 2 },
        { partition: 1, committed: null, end: 0, lag: 0 },
        { partition: 2, committed: null, end: 1, lag: 1 },
      ],
    };
    const running = await groupLags(test.kafka, test.namespace);
    assert.deepEqual(running, [{ ...expected, state: 'Stable', members: 1 }]);
    assert.match(renderLags(running), /Stable +1 +3 +0:2 2:1$/m);

    await consumer.disconnect();
    assert.deepEqual(await groupLags(test.kafka, test.namespace), [
      { ...expected, state: 'Empty', members: 0 },
    ]);
  });

  it('watching measures messages that arrive meanwhile, skips undecodable ones, and ends with its signal', async () => {
    const { kafka, namespace } = test;
    const ending = new AbortController();
    const intervals: WatchedInterval[] = [];
    const watching = watchLag({
      kafka,
      codec: test.codec,
      namespace,
      seconds: 1,
      json: true,
      write: async (line) => void intervals.push(JSON.parse(line)),
      signal: ending.signal,
    });
    const measured = (): number => intervals.flatMap(({ hops }) => hops).length;
    for (let attempt = 0; attempt < 100 && measured() === 0; attempt++) {
      await test.produce('interests', { key: 'u1', value: 'not a record' });
      const value = someInterests({ receivedAt: Date.now() - 50 });
      await test.produce('interests', { key: 'u1', value: test.encode('UserInterests', value) });
      await delay(100);
    }
    ending.abort();
    await watching;
    const [{ hop, p50 }] = intervals.flatMap(({ hops }) => hops) as [HopTime];
    assert.equal(hop, 'accepted → interests');
    assert.ok(p50 >= 50, `${p50} ms`);
    assert.ok(intervals.every(({ groups }) => groups.every(({ group }) => group.startsWith(namespace))));
  });
});
