import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { StateLost } from '#platform/kafka/held-state.ts';
import { DAY, START } from './actions.testing.ts';
import type { DerivedRecord, InterestsStore } from './store.ts';

function windowOf(...itemIds: string[]) {
  const window = createWindow();
  itemIds.forEach((itemId, i) => {
    const action = { eventId: `e${i}`, itemId, type: 'buy', occurredAt: START + i, weight: 1 };
    applyAction(window, action, START + DAY);
  });
  return window;
}

function interestsOf(userId: string, version: number, generation: string | null = null): UserInterests {
  return someInterests({
    userId,
    version,
    generation,
    medoids: [aMedoid({ importance: 0.125 })],
    recent: ['tea'],
  });
}

function derivedOf(userId: string, version: number, generation: string | null = null): DerivedRecord {
  return { interests: interestsOf(userId, version, generation), clustering: Buffer.from([1, 0, version]) };
}

async function listUsers(store: InterestsStore, partition: number): Promise<string[]> {
  const listed: string[] = [];
  for await (const page of store.users(partition)) listed.push(...page);
  return listed;
}

/** The contract of every InterestsStore. @param open opens an empty store */
export function storeContract(open: () => Promise<InterestsStore>): void {
  it('a store returns an empty record for a user who was never written', async () => {
    const store = await open();
    assert.deepEqual(await store.read('u1'), {
      window: createWindow(),
      interests: undefined,
      clustering: new Uint8Array(0),
      offset: -1,
    });
    assert.equal(await store.readInterests('u1'), undefined);
    assert.equal(await store.readHead(0), undefined);
    assert.deepEqual(await listUsers(store, 0), []);
  });

  it('a record is read as it was written, equal in every bit', async () => {
    const store = await open();
    const window = windowOf('tea', 'münze 茶');
    assert.equal(await store.write(0, window, derivedOf('u1', 5)), true);
    assert.deepEqual(await store.read('u1'), { window, ...derivedOf('u1', 5), offset: 5 });
    assert.deepEqual(await store.readInterests('u1'), interestsOf('u1', 5));
  });

  it('a repeated or stale write changes nothing', async () => {
    const store = await open();
    await store.write(0, windowOf('tea', 'mate'), derivedOf('u1', 5));
    const kept = await store.read('u1');
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 5, 'g2')), false);
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 4)), false);
    assert.deepEqual(await store.read('u1'), kept);
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 6)), true);
    assert.equal((await store.read('u1')).offset, 6);
  });

  it('rederive writes only at the same version, and leaves the window as it is', async () => {
    const store = await open();
    assert.equal(await store.rederive(derivedOf('u1', 5, 'g2')), false, 'there is no record');
    await store.write(0, windowOf('tea'), derivedOf('u1', 5, 'g1'));
    assert.equal(await store.rederive(derivedOf('u1', 4, 'g2')), false);
    assert.equal(await store.rederive(derivedOf('u1', 6, 'g2')), false);
    assert.equal(await store.rederive(derivedOf('u1', 5, 'g2')), true);
    assert.deepEqual(await store.read('u1'), {
      window: windowOf('tea'),
      ...derivedOf('u1', 5, 'g2'),
      offset: 5,
    });
  });

  it('a store lists each user of a partition once, however many there are', async () => {
    const store = await open();
    const ids = Array.from({ length: 500 }, (_, i) => `user ${i}`);
    await Promise.all(ids.map((id, i) => store.write(1, windowOf('tea'), derivedOf(id, i))));
    await store.write(2, windowOf('tea'), derivedOf('elsewhere', 1));
    assert.deepEqual(new Set(await listUsers(store, 1)), new Set(ids));
  });

  it('the head of each partition advances, keeps its topic, and never goes back', async () => {
    const store = await open();
    await store.writeHead(0, { offset: -1, topicId: 't1', incarnation: 'i' });
    await store.advance(0, { offset: 7, streamTime: START });
    await store.advance(0, { offset: 7, streamTime: START + 1 });
    await store.advance(0, { offset: 6, streamTime: START + 1 });
    await store.advance(1, { offset: 1, streamTime: START + DAY });
    const named = { topicId: 't1', incarnation: 'i' };
    assert.deepEqual(await store.readHead(0), { offset: 7, streamTime: START, ...named });
    const nameless = { topicId: undefined, incarnation: undefined };
    assert.deepEqual(await store.readHead(1), { offset: 1, streamTime: START + DAY, ...nameless });
    await store.writeHead(0, { offset: undefined, topicId: undefined, incarnation: 'j' });
    const renamed = { topicId: 't1', incarnation: 'j' };
    assert.deepEqual(await store.readHead(0), { offset: 7, streamTime: START, ...renamed });
  });

  it('nothing is written while the head includes less than the writer knows, or is of another incarnation', async () => {
    const store = await open();
    const refused = async (work: Promise<unknown>): Promise<void> => assert.rejects(work, StateLost);
    const at = (offset: number, incarnation: string | undefined = 'i') => ({ offset, incarnation });
    await refused(store.write(0, windowOf('tea'), derivedOf('u1', 5), at(4)));
    await refused(store.advance(0, { offset: 5, streamTime: START }, at(4)));
    await store.writeHead(0, { offset: 3, topicId: 't1', incarnation: 'i' });
    await refused(store.write(0, windowOf('tea'), derivedOf('u1', 5), at(4)));
    assert.equal((await store.read('u1')).offset, -1);
    assert.equal(await store.write(0, windowOf('tea'), derivedOf('u1', 5), at(3)), true);
    await store.advance(0, { offset: 5, streamTime: START }, at(3));
    assert.equal(
      await store.write(0, windowOf('tea', 'mate'), derivedOf('u1', 6), at(3)),
      true,
      'a newer head is no loss',
    );
    await refused(store.write(0, windowOf('tea'), derivedOf('u1', 7), at(5, 'of a copy')));
    await refused(store.advance(0, { offset: 7, streamTime: START }, at(5, 'of a copy')));
    assert.equal((await store.read('u1')).offset, 6);
    await store.advance(0, { offset: 7, streamTime: START }, { offset: 5, incarnation: undefined });
  });

  it('clear deletes the records, the list of users and the head of one partition', async () => {
    const store = await open();
    await store.writeHead(0, { offset: -1, topicId: 't1', incarnation: 'i' });
    await store.write(0, windowOf('tea'), derivedOf('u1', 5));
    await store.write(1, windowOf('tea'), derivedOf('u2', 5));
    await store.clear(0);
    assert.equal(await store.readHead(0), undefined);
    assert.deepEqual(await listUsers(store, 0), []);
    assert.equal((await store.read('u1')).offset, -1);
    assert.equal((await store.read('u2')).offset, 5);
  });
}
