/** How often items were shown to a user without a reaction. */
export interface ShownItem {
  readonly itemId: string;
  /** Decayed count, at the time `at`. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** By item id, at most MOST_SHOWN. */
export type ItemsShown = ReadonlyMap<string, ShownItem>;

export const NOTHING_SHOWN: ItemsShown = new Map();

/** Items that are remembered for a user: those with the largest counts. */
export const MOST_SHOWN = 64;
/** Time after which a showing counts half. */
const HALF_LIFE_MS = 7 * 86_400_000;

/** That an item was shown in a slate whose outcome is known. */
export interface Showing {
  /** Of its reward in the partition of the user. */
  readonly offset: number;
  readonly userId: string;
  readonly itemId: string;
  /** Milliseconds since the epoch. */
  readonly servedAt: number;
  /** Whether the user acted on it, whatever the action was. */
  readonly hasReaction: boolean;
}

/** Decayed count at a time. @param now milliseconds since the epoch */
export function countAt({ count, at }: ShownItem, now: number): number {
  return count * 2 ** (-Math.max(0, now - at) / HALF_LIFE_MS);
}

/** What is remembered of a user, up to an offset of `rewards`. */
export interface RememberedShowings {
  /** Of the state of `rewards` that the offset belongs to. */
  readonly incarnation: string;
  readonly offset: number;
  readonly items: ItemsShown;
}

/**
 * Returns what is remembered after the showings of a user, which are in log order; those that it includes already change nothing. What is
 * remembered of another state of the log is forgotten. A reaction forgets its item.
 */
export function rememberShowings(
  held: RememberedShowings | undefined,
  showings: readonly Showing[],
  incarnation: string,
): RememberedShowings {
  const known = held?.incarnation === incarnation ? held : undefined;
  let offset = known?.offset ?? -1;
  const items = new Map(known?.items);
  for (const showing of showings) {
    if (showing.offset <= offset) continue;
    offset = showing.offset;
    remember(items, showing);
  }
  return { incarnation, offset, items };
}

function remember(items: Map<string, ShownItem>, { itemId, servedAt, hasReaction }: Showing): void {
  const before = items.get(itemId);
  items.delete(itemId);
  if (hasReaction) return;
  const at = Math.max(servedAt, before?.at ?? 0);
  const count =
    (before === undefined ? 0 : countAt(before, at)) + countAt({ itemId, count: 1, at: servedAt }, at);
  items.set(itemId, { itemId, at, count: Math.round(100 * count) / 100 });
  if (items.size <= MOST_SHOWN) return;
  // Ties leave in the order of their last showing.
  let least: ShownItem | undefined;
  for (const item of items.values())
    if (least === undefined || countAt(item, at) < countAt(least, at)) least = item;
  items.delete(least!.itemId);
}

/** One line with the incarnation, one with the offset, and one with three entries an item: its id, count and time. */
export function showingsText({ incarnation, offset, items }: RememberedShowings): string {
  const entries = [...items.values()].flatMap(({ itemId, count, at }) => [itemId, count, at]);
  return `${incarnation}\n${offset}\n${JSON.stringify(entries)}`;
}

/** @returns undefined for a text that is missing, or that `showingsText` does not write: it is remembered anew */
export function parseShowings(text: string | null | undefined): RememberedShowings | undefined {
  const [incarnation, offset, entries] = text?.split('\n') ?? [];
  if (incarnation === undefined || entries === undefined || !/^-?\d+$/.test(offset ?? '')) return undefined;
  const parsed = parseEntries(entries);
  if (parsed === undefined) return undefined;
  const items = new Map<string, ShownItem>();
  for (let i = 0; i + 2 < parsed.length; i += 3) {
    const [itemId, count, at] = [parsed[i], parsed[i + 1], parsed[i + 2]];
    if (typeof itemId !== 'string' || typeof count !== 'number' || typeof at !== 'number') return undefined;
    items.set(itemId, { itemId, count, at });
  }
  return { incarnation, offset: Number(offset), items };
}

function parseEntries(text: string): readonly unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The showings of each user, in their order. */
export function showingsByUser(showings: readonly Showing[]): Map<string, Showing[]> {
  const users = new Map<string, Showing[]>();
  for (const showing of showings) {
    const own = users.get(showing.userId);
    if (own === undefined) users.set(showing.userId, [showing]);
    else own.push(showing);
  }
  return users;
}
