import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { TOPICS } from './catalog.ts';
import { groupLags, renderLags } from './lag.ts';
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
    await consumer.commitOffsets([{ topic, partition: 0, offset: '1' }]);

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
});
