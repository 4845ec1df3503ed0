import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
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
    assert.equal(await store.readStreamTime(0), 0);
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

  it('a store keeps the newest stream time of each partition', async () => {
    const store = await open();
    await store.writeStreamTime(0, 7, START);
    await store.writeStreamTime(0, 7, START + 1);
    await store.writeStreamTime(0, 6, START + 1);
    await store.writeStreamTime(1, 1, START + DAY);
    assert.equal(await store.readStreamTime(0), START);
    assert.equal(await store.readStreamTime(1), START + DAY);
  });
}
