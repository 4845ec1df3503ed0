import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { action, batchOf, CONFIG, START, served } from './actions.testing.ts';
import { createMemoryStore, type MemoryStore } from './memory-store.testing.ts';
import { createRig, interestsOf, logOf } from './processor.testing.ts';

describe('a cached user', () => {
  it('the next action of a cached user reads nothing from the store', async () => {
    const { processor, lookups } = createRig();
    for (const itemId of ['tea', 'nail', 'mate']) {
      await processor.handle(batchOf([{ offset: lookups.length, value: action({ itemId }) }]));
    }
    assert.deepEqual(lookups, ['read', 'hot', 'hot']);
    assert.ok(processor.cachedBytes() > 0);
  });

  it('a cached user is forgotten after a rebalance and after a write by a different process', async () => {
    const { processor, lookups, store } = createRig();
    await processor.handle(batchOf([{ offset: 0, value: action() }]));
    processor.forgetPartitions();
    assert.equal(processor.cachedBytes(), 0);
    await createRig(store).processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    await processor.handle(batchOf([{ offset: 2, value: action({ itemId: 'mate' }) }]));
    assert.deepEqual(lookups, ['read', 'read']);
    assert.equal((await interestsOf(store, 'u1'))?.windowSize, 3);
  });

  it('a user is read again after a failure during the work on it', async () => {
    const [publication, write] = [2, 3];
    for (const failing of [publication, write]) {
      const { processor, store, lookups } = createRig(createMemoryStore(), new Set([failing]));
      await processor.handle(batchOf([{ offset: 0, value: action() }]));
      const second = batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]);
      await assert.rejects(processor.handle(second), /crash/);
      await processor.handle(second);
      assert.deepEqual(lookups, ['read', 'hot', 'read']);
      assert.equal((await interestsOf(store, 'u1'))?.windowSize, 2);
    }
  });

  it('no user is cached where the bound is 0', async () => {
    const { processor, lookups } = createRig(createMemoryStore(), new Set(), { ...CONFIG, hotUsersMib: 0 });
    await processor.handle(batchOf([{ offset: 0, value: action() }]));
    await processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    assert.deepEqual(lookups, ['read', 'read']);
  });

  it('a cached user is re-clustered after a vector was replaced or withdrawn', async () => {
    const rig = createRig();
    await rig.processor.handle(batchOf(logOf([action(), action({ itemId: 'nail' })])));
    rig.space = served('g1', ['nail', 'screw']);
    await rig.processor.handle(batchOf([{ offset: 2, value: action({ itemId: 'screw' }) }]));
    const interests = await interestsOf(rig.store, 'u1');
    assert.deepEqual([interests?.unknownItems, interests?.medoids.length], [1, 1]);
  });
});

describe('a record of the former version', () => {
  /** As it was written after the actions on tea, nail, mate and an item without a vector; heights and medoids were not stored then. */
  const FORMER = {
    base: 'AQGAuMe1yjMYdTEvdGVhL2J1eS8xNzcyMzIzMjAwMDAwAAN0ZWEAA2J1eQ==',
    deltas:
      'AAEBgLjHtcozGXUxL25haWwvYnV5LzE3NzIzMjMyMDAwMDAABG5haWwAA2J1eQABAYC4x7XKMxl1MS9tYXRlL2J1eS8xNzcyMzIzMjAwMDAw' +
      'AARtYXRlAANidXkAAQGAuMe1yjMYdTEvbmV3L2J1eS8xNzcyMzIzMjAwMDAwAANuZXcAA2J1eQ==',
    derived: 'AQAAwB1rynlCAID+HWvKeUIBAQJnMQPTgrr0CgMBAgEAAg==',
  };
  const bytesOf = (text: string) => Buffer.from(text, 'base64');

  it('is continued, and then equals one that was never written in that version', async () => {
    const { processor, store } = createRig();
    const write = {
      userId: 'u1',
      offset: 2,
      window: { base: bytesOf(FORMER.base) },
      derived: bytesOf(FORMER.derived),
      interests: Buffer.from('{}'),
    };
    await store.write(0, [write], {});
    const appended = { after: 2, delta: bytesOf(FORMER.deltas) };
    await store.write(0, [{ ...write, offset: 3, window: appended }], {
      to: { offset: 3, streamTime: START },
    });
    const next = batchOf([{ offset: 4, value: action({ itemId: 'screw' }) }]);
    await processor.handle(next);
    const calm = createRig();
    const before = ['tea', 'nail', 'mate', 'new'].map((itemId) => action({ itemId }));
    await calm.processor.handle(batchOf(logOf(before)));
    await calm.processor.handle(next);
    assert.deepEqual(store.dump(), calm.store.dump());
  });
});

describe('the write of a batch', () => {
  it('all users of a batch are read, and written with the head, in one call each', async () => {
    const calls: string[] = [];
    const store = createMemoryStore();
    const counting: MemoryStore = {
      ...store,
      read(partition, userIds) {
        calls.push(`read ${userIds.length}`);
        return store.read(partition, userIds);
      },
      write(partition, writes, head) {
        calls.push(`write ${writes.length} to ${head.to?.offset}`);
        return store.write(partition, writes, head);
      },
    };
    const { processor } = createRig(counting);
    await processor.handle(batchOf(logOf(['a', 'b', 'c'].map((userId) => action({ userId })))));
    assert.deepEqual(calls, ['read 3', 'write 3 to 2']);
  });

  it('an action appends its own bytes, and the window is written whole once in a while', async () => {
    const store = createMemoryStore();
    const { processor } = createRig(store);
    const bases: string[] = [];
    for (let offset = 0; offset < 100; offset++) {
      await processor.handle(batchOf([{ offset, value: action({ occurredAt: START + offset }) }]));
      const [record] = await store.read(0, ['u1']);
      bases.push(Buffer.from(record!.base).toString('hex'));
      assert.ok(record!.deltas.length <= 2_048);
    }
    const written = new Set(bases).size;
    assert.ok(written >= 3 && written <= 6, `${written} whole windows`);
    assert.equal((await interestsOf(store, 'u1'))?.windowSize, 100);
  });

  it('a record that a different process wrote meanwhile is written whole', async () => {
    const store = createMemoryStore();
    const [first, second] = [createRig(store), createRig(store)];
    await first.processor.handle(batchOf([{ offset: 0, value: action() }]));
    await second.processor.handle(batchOf([{ offset: 1, value: action({ itemId: 'nail' }) }]));
    const both = [1, 2].map((offset) => ({
      offset,
      value: action({ itemId: offset === 1 ? 'nail' : 'mate' }),
    }));
    await first.processor.handle(batchOf(both));
    const calm = createRig();
    await calm.processor.handle(batchOf([{ offset: 0, value: action() }, ...both]));
    assert.deepEqual(store.dump(), calm.store.dump());
  });
});
