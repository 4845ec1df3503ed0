import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { IDBFactory } from 'fake-indexeddb';
import { createClient, type Page } from './browser.ts';

interface FakePage extends Page {
  readonly document: Page['document'] & { visibilityState: string };
  readonly beacons: string[];
  readonly posted: unknown[];
  emit(type: string): void;
}

/** A page whose network is up or down; its IndexedDB outlives it. */
function openPage(factory: InstanceType<typeof IDBFactory>, isUp: () => boolean): FakePage {
  const listeners = new Map<string, (() => void)[]>();
  const addEventListener = (type: string, call: () => void) =>
    void listeners.set(type, [...(listeners.get(type) ?? []), call]);
  const beacons: string[] = [];
  const posted: unknown[] = [];
  return {
    indexedDB: factory as unknown as NonNullable<Page['indexedDB']>,
    crypto,
    navigator: { sendBeacon: (_url, body) => beacons.push(body) > 0 },
    document: { visibilityState: 'visible', addEventListener },
    addEventListener,
    beacons,
    posted,
    emit: (type) => listeners.get(type)?.forEach((call) => void call()),
    fetch: (async (_url: string, init: RequestInit) => {
      if (!isUp()) throw new TypeError('Failed to fetch');
      const entries = typeof init.body === 'string' ? (JSON.parse(init.body) as object[]) : [];
      posted.push(...entries);
      const results = entries.map(() => ({ status: 'accepted', partition: 0, offset: 1 }));
      return Response.json({ results }, { headers: { date: new Date().toUTCString() } });
    }) as typeof fetch,
  };
}

describe('the client in a browser', () => {
  it('a hidden page sends what waits once, and the next page delivers what has no verdict', async () => {
    const factory = new IDBFactory();
    let isUp = false;
    const first = openPage(factory, () => isUp);
    const tributary = createClient({ url: 'http://gateway', userId: 'u', flushMs: 1 }, first);
    void tributary.track({ itemId: 'i', type: 'view', eventId: 'e1' });
    await delay(30);
    first.emit('visibilitychange');
    assert.equal(first.beacons.length, 0);
    first.document.visibilityState = 'hidden';
    first.emit('visibilitychange');
    first.emit('pagehide');
    assert.deepEqual(
      first.beacons.map((body) => JSON.parse(body).map(({ eventId }: { eventId: string }) => eventId)),
      [['e1']],
    );
    isUp = true;
    const second = openPage(factory, () => isUp);
    const told: string[] = [];
    createClient(
      { url: 'http://gateway', flushMs: 1, onVerdict: ({ id, status }) => told.push(`${id} ${status}`) },
      second,
    );
    await delay(50);
    assert.deepEqual(told, ['e1 accepted']);
    const third = openPage(factory, () => isUp);
    createClient({ url: 'http://gateway', flushMs: 1 }, third);
    await delay(50);
    assert.deepEqual(third.posted, []);
    first.emit('online');
    await delay(20);
    assert.equal(tributary.queued, 0);
  });

  it('a page that may store nothing works without', async () => {
    const page = openPage(new IDBFactory(), () => true);
    Object.defineProperties(page, {
      sessionStorage: {
        get() {
          throw new Error('SecurityError');
        },
      },
      indexedDB: { value: undefined },
    });
    const tributary = createClient({ url: 'http://gateway', userId: 'u', flushMs: 1 }, page);
    assert.equal((await tributary.track({ itemId: 'i', type: 'view' })).status, 'accepted');
  });
});
