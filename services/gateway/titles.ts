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
  // In the order of their last use. Every slate looks up all its items, so that more bookkeeping would be noticed.
  const cache = new Map<string, CachedTitle>();

  function find(itemId: string): CachedTitle | undefined {
    const cached = cache.get(itemId);
    if (cached === undefined) return undefined;
    cache.delete(itemId);
    cache.set(itemId, cached);
    return cached;
  }

  function keep(itemId: string, title: string): void {
    cache.delete(itemId);
    cache.set(itemId, { title, expiresAt: now() + ttlMs });
    if (cache.size <= capacity) return;
    for (const [oldest] of cache) {
      cache.delete(oldest);
      break;
    }
  }

  return async (itemIds, trace) => {
    const found = new Map<string, string>();
    const missing: string[] = [];
    for (const itemId of new Set(itemIds)) {
      const cached = find(itemId);
      if (cached !== undefined) found.set(itemId, cached.title);
      if (cached === undefined || cached.expiresAt <= now()) missing.push(itemId);
    }
    if (missing.length > 0) {
      try {
        const items = await index.items(missing, trace);
        for (const [itemId, { title }] of Object.entries(items)) {
          keep(itemId, title);
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
