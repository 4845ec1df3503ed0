import type { EventStore, QueuedEvent } from './platform.ts';

/** The little of IndexedDB that the queue uses; the project has no types of browsers. */
interface OpenRequest<T> {
  readonly result: T;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
  onupgradeneeded?: (() => void) | null;
}
interface ObjectStore {
  getAll(): OpenRequest<StoredEvent[]>;
  put(value: StoredEvent): unknown;
  delete(key: string): unknown;
}
interface Database {
  createObjectStore(name: string, options: { keyPath: string }): unknown;
  transaction(name: string, mode: 'readonly' | 'readwrite'): { objectStore(name: string): ObjectStore };
}
export interface IndexedDb {
  open(name: string, version: number): OpenRequest<Database>;
}

type StoredEvent = QueuedEvent & { readonly id: string };

const NAME = 'tributary';
const EVENTS = 'events';

/** Keeps events in IndexedDB. Where a browser forbids it, as in some private windows, the queue lives as long as the page. */
export function openIndexedDb(indexedDb: IndexedDb | undefined): EventStore {
  const opened =
    indexedDb === undefined ? Promise.resolve(undefined) : open(indexedDb).catch(() => undefined);

  async function use(work: (events: ObjectStore) => void): Promise<void> {
    const database = await opened;
    if (database !== undefined) work(database.transaction(EVENTS, 'readwrite').objectStore(EVENTS));
  }
  // A transaction fails when the disk is full, or the page is closing: the event is still in memory.
  const attempt = (work: (events: ObjectStore) => void) => void use(work).catch(() => undefined);

  return {
    async load() {
      const database = await opened;
      if (database === undefined) return [];
      const events = database.transaction(EVENTS, 'readonly').objectStore(EVENTS);
      // Ids are UUIDv7 unless the app gave them, so that the order of keys is nearly that of time.
      return done(events.getAll()).catch(() => []);
    },
    put: (event) => attempt((events) => events.put({ ...event, id: event.event.eventId })),
    remove: (ids) => attempt((events) => ids.forEach((id) => void events.delete(id))),
  };
}

async function open(indexedDb: IndexedDb): Promise<Database> {
  const request = indexedDb.open(NAME, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(EVENTS, { keyPath: 'id' });
  return done(request);
}

function done<T>(request: OpenRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new Error('IndexedDB is not available'));
  });
}
