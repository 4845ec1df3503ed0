import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { IDBFactory } from 'fake-indexeddb';
import { openFileStore } from './file-store.ts';
import { type IndexedDb, openIndexedDb } from './indexed-db.ts';
import type { EventStore, QueuedEvent } from './platform.ts';

const anEvent = (eventId: string): QueuedEvent => ({
  event: { eventId, occurredAt: 1, itemId: 'ü\n' },
  isGiven: false,
});
const idsIn = async (store: EventStore) => (await store.load()).map(({ event }) => event.eventId);
const settled = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('the stores of queued events', () => {
  const folder = mkdtempSync(join(tmpdir(), 'queue-'));
  after(() => rmSync(folder, { recursive: true }));
  const failures: Error[] = [];
  const open = (name: string) => openFileStore(join(folder, name), (error) => failures.push(error));

  it('events without a verdict are found again by the next session', async () => {
    const factory = new IDBFactory() as unknown as IndexedDb;
    const openStores: (() => EventStore)[] = [() => openIndexedDb(factory), () => open('queue')];
    for (const openStore of openStores) {
      const store = openStore();
      assert.deepEqual(await store.load(), []);
      for (const id of ['a', 'b', 'c']) store.put(anEvent(id));
      store.remove(['b']);
      await settled();
      assert.deepEqual(await idsIn(openStore()), ['a', 'c']);
      assert.deepEqual((await openStore().load())[0]!.event, anEvent('a').event);
    }
  });

  it('a browser without IndexedDB, or that forbids it, has a queue as long as its page', async () => {
    const forbidding: IndexedDb = {
      open: () => {
        throw new Error('forbidden');
      },
    };
    for (const factory of [undefined, forbidding]) {
      const store = openIndexedDb(factory);
      store.put(anEvent('a'));
      store.remove(['a']);
      assert.deepEqual(await store.load(), []);
    }
  });

  it('a line that a killed process cut costs nothing but itself', async () => {
    open('cut').put(anEvent('a'));
    appendFileSync(join(folder, 'cut'), '{"event":{"eve');
    assert.deepEqual(await idsIn(open('cut')), ['a']);
  });

  it('a line of another shape is passed over', async () => {
    open('shapes').put(anEvent('a'));
    appendFileSync(join(folder, 'shapes'), '{}\n[]\nnull\n5\n{"event":{"eventId":1}}\n');
    assert.deepEqual(await idsIn(open('shapes')), ['a']);
  });

  it('the file stays as long as the queue, not as the history', async () => {
    const store = open('long');
    for (let n = 0; n < 30_000; n++) {
      store.put(anEvent(`${n}`));
      store.remove([`${n}`]);
    }
    assert.ok(readFileSync(join(folder, 'long'), 'utf8').split('\n').length < 20_010);
    assert.deepEqual(await idsIn(open('long')), []);
  });

  it('a file that cannot be written is reported, and throws nothing at the app', async () => {
    const store = openFileStore(join(folder, 'absent', 'queue'), (error) => failures.push(error));
    store.put(anEvent('a'));
    assert.equal((failures.at(-1) as NodeJS.ErrnoException).code, 'ENOENT');
  });
});
