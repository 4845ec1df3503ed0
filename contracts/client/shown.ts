import type { ClientPlatform } from './platform.ts';
import type { RecommendedSlate } from './types.ts';

/** Where a user saw an item. */
export interface ShownIn {
  readonly slateId: string;
  readonly slot: number;
}

/** Remembers for each user and item the newest slate that showed it. */
export interface ShownItems {
  add(slate: RecommendedSlate): void;
  find(userId: string, itemId: string): ShownIn | undefined;
}

const KEY = 'tributary.shown';

/** @param maximum most pairs of user and item; beyond it the oldest are forgotten */
export function createShownItems(maximum: number, memory: ClientPlatform['memory']): ShownItems {
  const shown = new Map<string, ShownIn>(read(memory));
  return {
    add({ slateId, userId, items }) {
      for (const { itemId, slot } of items) {
        const key = keyOf(userId, itemId);
        // Deleted first, because a map keeps the place of a key that it has.
        shown.delete(key);
        shown.set(key, { slateId, slot });
      }
      for (const key of shown.keys()) {
        if (shown.size <= maximum) break;
        shown.delete(key);
      }
      try {
        memory?.setItem(KEY, JSON.stringify([...shown]));
      } catch {
        // The storage is full or forbidden: the slates of this page are known all the same.
      }
    },
    find: (userId, itemId) => shown.get(keyOf(userId, itemId)),
  };
}

function keyOf(userId: string, itemId: string): string {
  return JSON.stringify([userId, itemId]);
}

function read(memory: ClientPlatform['memory']): [string, ShownIn][] {
  try {
    const kept: unknown = JSON.parse(memory?.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? (kept as [string, ShownIn][]) : [];
  } catch {
    return [];
  }
}
