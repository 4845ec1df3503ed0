import assert from 'node:assert/strict';
import { it } from 'node:test';
import { applyAction, createWindow } from '#algorithms/pinnersage/window.ts';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { DAY, START } from './actions.testing.ts';
import type { Derived, InterestsStore } from './store.ts';

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

function derivedOf(userId: string, version: number, generation: string | null = null): Derived {
  return { interests: interestsOf(userId, version, generation), clustering: Buffer.from([1, 0, version]) };
}

async function listUsers(store: InterestsStore, partition: number): Promise<string[]> {
  const listed: string[] = [];
  for await (const page of store.users(partition)) listed.push(...page);
  return listed;
}

/** What every InterestsStore must do. `open` gives an empty one. */
export function storeContract(open: () => Promise<InterestsStore>): void {
  it('knows nothing of a user never seen', async () => {
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

  it('gives back what was written, to the last bit', async () => {
    const store = await open();
    const window = windowOf('tea', 'münze 茶');
    assert.equal(await store.write(0, window, derivedOf('u1', 5)), true);
    assert.deepEqual(await store.read('u1'), { window, ...derivedOf('u1', 5), offset: 5 });
    assert.deepEqual(await store.readInterests('u1'), interestsOf('u1', 5));
  });

  it('lets a repeated or stale write do nothing', async () => {
    const store = await open();
    await store.write(0, windowOf('tea', 'mate'), derivedOf('u1', 5));
    const kept = await store.read('u1');
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 5, 'g2')), false);
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 4)), false);
    assert.deepEqual(await store.read('u1'), kept);
    assert.equal(await store.write(0, windowOf('nail'), derivedOf('u1', 6)), true);
    assert.equal((await store.read('u1')).offset, 6);
  });

  it('derives anew only what still stands at the same version, and leaves the window', async () => {
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

  it('lists the users of a partition, each once, however many', async () => {
    const store = await open();
    const ids = Array.from({ length: 500 }, (_, i) => `user ${i}`);
    await Promise.all(ids.map((id, i) => store.write(1, windowOf('tea'), derivedOf(id, i))));
    await store.write(2, windowOf('tea'), derivedOf('elsewhere', 1));
    assert.deepEqual(new Set(await listUsers(store, 1)), new Set(ids));
  });

  it('keeps the stream time of each partition, and no stale one', async () => {
    const store = await open();
    await store.writeStreamTime(0, 7, START);
    await store.writeStreamTime(0, 7, START + 1);
    await store.writeStreamTime(0, 6, START + 1);
    await store.writeStreamTime(1, 1, START + DAY);
    assert.equal(await store.readStreamTime(0), START);
    assert.equal(await store.readStreamTime(1), START + DAY);
  });
}
