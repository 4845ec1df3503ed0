import { anItem, aRelease } from '#contracts/domain/records.testing.ts';
import type { Item, Release } from '#contracts/generated/records.ts';

/** An item that was last changed in 1970. */
export function someItem(itemId: string, change: Partial<Item> = {}): Item {
  return anItem({ itemId, updatedAt: 0, ...change });
}

export function someRelease(
  generation: string,
  state: Release['state'],
  change: Partial<Release> = {},
): Release {
  return aRelease({ generation, state, dimension: 8, createdAt: 0, updatedAt: 0, ...change });
}
