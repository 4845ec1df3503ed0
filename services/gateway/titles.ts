import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { IndexClient } from '#index-client/index-client.ts';

interface CachedTitle {
  readonly title: string;
  readonly expiresAt: number;
}

/** Looks up the titles of these items together. @returns a function from an item's id to its title */
export type Titles = (itemIds: Iterable<string>, trace?: string) => Promise<(itemId: string) => string>;

/**
 * Looks up titles, cached for a while; missing ones are requested from the index in one request. The id of an unknown item
 * stands in for its title. When the index does not answer, so do expired titles and ids: a lookup never fails.
 */
export function createTitles(options: {
  index: Pick<IndexClient, 'items'>;
  /** Largest number of titles in the cache; the least recently used are evicted first. */
  capacity: number;
  /** Milliseconds after which a title is requested again. */
  ttlMs: number;
  log: Logger;
  now: () => number;
}): Titles {
  const { index, capacity, ttlMs, log, now } = options;
  // By size instead of `max`, for which the cache would allocate all its entries at once.
  const cache = new LRUCache<string, CachedTitle>({ maxSize: capacity, sizeCalculation: () => 1 });

  return async (itemIds, trace) => {
    const found = new Map<string, string>();
    const missing: string[] = [];
    for (const itemId of new Set(itemIds)) {
      const cached = cache.get(itemId);
      if (cached !== undefined) found.set(itemId, cached.title);
      if (cached === undefined || cached.expiresAt <= now()) missing.push(itemId);
    }
    if (missing.length > 0) {
      try {
        const items = await index.items(missing, trace);
        for (const [itemId, { title }] of Object.entries(items)) {
          cache.set(itemId, { title, expiresAt: now() + ttlMs });
          found.set(itemId, title);
        }
      } catch (error) {
        // While the index is down or overloaded every request comes here, so that is logged at debug.
        const level = error instanceof TributaryError && error.retryable ? 'debug' : 'warn';
        log[level]({ reason: reasonOf(error) }, 'no titles');
      }
    }
    return (itemId) => found.get(itemId) ?? itemId;
  };
}
