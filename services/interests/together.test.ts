import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { UserInterests } from '#contracts/generated/records.ts';
import { action, batchOf, CONFIG, DAY, START, served } from './actions.testing.ts';
import { createMemoryStore } from './memory-store.testing.ts';
import { createProcessor } from './processor.ts';
import type { InterestsStore } from './store.ts';

/** A processor that records its reads, publications and writes in their order. */
function createRig(change: (store: InterestsStore) => Partial<InterestsStore> = () => ({})) {
  const memory = createMemoryStore();
  const seen: string[] = [];
  const store: InterestsStore = {
    ...memory,
    async read(partition, userIds) {
      // The partitions answer one after the other.
      for (let i = 0; i < partition; i++) await new Promise(setImmediate);
      seen.push(`read ${userIds}`);
      return memory.read(partition, userIds);
    },
    async write(partition, writes, head) {
      seen.push(`write ${writes.map(({ userId }) => userId)}`);
      return memory.write(partition, writes, head);
    },
    ...change(memory),
  };
  const processor = createProcessor({
    now: () => START + 200 * DAY,
    config: CONFIG,
    store,
    servedSpace: () => served(),
    encode: (interests: UserInterests) => Buffer.from(JSON.stringify(interests)),
    async publish(userId) {
      seen.push(`publish ${userId}`);
      await new Promise(setImmediate);
    },
    count: () => undefined,
    countUsers: () => undefined,
  });
  return { processor, seen, store };
}

function batchIn(partition: number, userId: string) {
  return { ...batchOf([{ offset: 0, value: action({ userId }) }]), partition };
}

describe('batches of several partitions', () => {
  it('all users are read before the first is published, and all are published before the first write', async () => {
    const { processor, seen } = createRig();
    await Promise.all(processor.together([batchIn(0, 'ann'), batchIn(1, 'bob'), batchIn(2, 'cid')]));
    assert.deepEqual(seen, [
      ...['read ann', 'read bob', 'read cid'],
      ...['publish ann', 'publish bob', 'publish cid'],
      ...['write ann', 'write bob', 'write cid'],
    ]);
  });

  it('a partition whose state is lost fails alone, before or after its users are read', async () => {
    const { processor, seen, store } = createRig((memory) => ({
      async read(partition, userIds) {
        if (partition === 2) throw new Error('the record cannot be read');
        return memory.read(partition, userIds);
      },
    }));
    const lost = { ...batchIn(1, 'bob'), readFrom: 5 };
    const ends = await Promise.allSettled(
      processor.together([batchIn(0, 'ann'), lost, batchIn(2, 'cid'), batchIn(3, 'dan')]),
    );
    assert.deepEqual(
      ends.map((end) => (end.status === 'rejected' ? end.reason.name : end.status)),
      ['fulfilled', 'StateLost', 'Error', 'fulfilled'],
    );
    assert.deepEqual(seen.filter((line) => line.startsWith('write')).sort(), ['write ann', 'write dan']);
    assert.equal(await store.readHead(1), undefined);
    assert.equal((await store.readHead(3))?.offset, 0);
  });
});
