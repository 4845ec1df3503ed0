import type { Logger } from 'pino';
import { reasonOf } from '#contracts/errors.ts';
import type { IndexClient } from '#index-client/index-client.ts';

interface Cached {
  readonly title: string;
  readonly expiresAt: number;
}

/** Looks up the titles of these items at once and answers with a function that knows them. */
export type Titles = (itemIds: Iterable<string>, trace?: string) => Promise<(itemId: string) => string>;

/**
 * Titles by item id, kept for a while and asked for in one request when they are missing. An unknown item is called
 * by its id, and an index that does not answer costs titles, never the answer: old ones stand in.
 */
export function createTitles(options: {
  index: Pick<IndexClient, 'items'>;
  capacity: number;
  ttlMs: number;
  log: Logger;
  now: () => number;
}): Titles {
  const { index, capacity, ttlMs, log, now } = options;
  /** In the order of last use, the longest unused first. */
  const cache = new Map<string, Cached>();

  function touch(itemId: string): Cached | undefined {
    const cached = cache.get(itemId);
    if (cached === undefined) return undefined;
    cache.delete(itemId);
    cache.set(itemId, cached);
    return cached;
  }

  function keep(itemId: string, title: string): void {
    cache.delete(itemId);
    cache.set(itemId, { title, expiresAt: now() + ttlMs });
    if (cache.size > capacity) cache.delete(cache.keys().next().value!);
  }

  return async (itemIds, trace) => {
    const found = new Map<string, string>();
    const missing: string[] = [];
    for (const itemId of new Set(itemIds)) {
      const cached = touch(itemId);
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
        log.warn({ reason: reasonOf(error) }, 'no titles');
      }
    }
    return (itemId) => found.get(itemId) ?? itemId;
  };
}
