/** `tributary/client` in a browser. */
import { createClientOn } from './client.ts';
import { MAX_KEPT_BYTES } from './gateway-call.ts';
import { type IndexedDb, openIndexedDb } from './indexed-db.ts';
import { checkOptions } from './options.ts';
import type { ClientPlatform } from './platform.ts';
import type { TributaryClient, TributaryClientOptions } from './types.ts';

// biome-ignore lint/performance/noBarrelFile: the entry of a package exports its whole interface.
export { ClientError } from './gateway-call.ts';
export type * from './types.ts';

/** The little of a page that the client uses; the project has no types of browsers. */
export interface Page {
  readonly indexedDB?: IndexedDb;
  readonly sessionStorage?: ClientPlatform['memory'];
  readonly navigator: { sendBeacon?(url: string, body: string): boolean };
  readonly document: {
    readonly visibilityState: string;
    addEventListener(type: string, call: () => void): void;
  };
  readonly fetch: typeof fetch;
  readonly crypto: { getRandomValues(bytes: Uint8Array): unknown };
  addEventListener(type: string, call: () => void): void;
}

/**
 * Creates a client for a page. Events outlive the page in IndexedDB until they have a verdict; what waits when the page is hidden
 * goes out by `navigator.sendBeacon`.
 * @throws TypeError that names an option at fault
 */
export function createClient(
  options: TributaryClientOptions,
  page: Page = globalThis as unknown as Page,
): TributaryClient {
  checkOptions(options);
  const { batchSize = 100, flushMs = 1_000, maxQueued = 1_000 } = options;
  const memory = sessionStorageOf(page);
  const { client, leave, hurry } = createClientOn(
    {
      fetch: (...request) => page.fetch(...request),
      now: () => Date.now(),
      random: () => Math.random(),
      fill: (bytes) => page.crypto.getRandomValues(bytes),
      later,
      store: openIndexedDb(page.indexedDB),
      ...(memory && { memory }),
      // A beacon carries no headers, so that a gateway behind a check of them would refuse it.
      ...(options.headers === undefined && {
        beacon: (url: string, body: string) => page.navigator.sendBeacon?.(url, body) ?? false,
      }),
      limits: { batchSize, batchBytes: MAX_KEPT_BYTES, flushMs, maxQueued, maxShown: 500 },
    },
    options,
  );
  page.addEventListener('pagehide', leave);
  // A phone may end a hidden page without `pagehide`.
  page.document.addEventListener('visibilitychange', () => {
    if (page.document.visibilityState === 'hidden') leave();
  });
  page.addEventListener('online', hurry);
  return client;
}

/** Pages that may store nothing throw when they name the storage. */
function sessionStorageOf(page: Page): ClientPlatform['memory'] {
  try {
    return page.sessionStorage;
  } catch {
    return undefined;
  }
}

function later(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms);
  return () => {
    clearTimeout(timer);
    call();
  };
}
