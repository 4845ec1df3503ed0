import { createHash } from 'node:crypto';
import { Type } from 'typebox';
import { TributaryError } from '#contracts/errors.ts';

/** The parameter of a list that is read in parts. */
export const CursorParameter = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 1_000,
    description: 'The `next` of the answer before, for the entries that follow.',
  }),
);

/** A list at one time: its cursors lead on in it alone. */
export interface PagedList {
  /** Names the list among all lists, such as `similar/` and the id of an item. */
  readonly of: string;
  /** Changes whenever the places of the entries may have changed, such as a generation. */
  readonly version: string;
}

/** The place of the next part of a list, which begins with the entry of index `from`, as an opaque text. */
export function encodeCursor({ of, version }: PagedList, from: number): string {
  return toBase64(JSON.stringify([digestOf(of), version, from]));
}

/** The version of the list and the place that a cursor holds. @throws TributaryError `field.invalid` (400) for any other text and for a cursor of another list */
export function decodeCursor(text: string, of: string): { readonly version: string; readonly from: number } {
  const [list, version, from] = partsOf(text);
  const isPlace = Number.isSafeInteger(from) && (from as number) >= 0;
  if (typeof list !== 'string' || typeof version !== 'string' || !isPlace) throw noCursor();
  if (list !== digestOf(of))
    throw invalidCursor(
      'belongs to another list: send the `next` of an answer to the request that it answered, or read this list from its beginning',
    );
  return { version, from: from as number };
}

/** @throws TributaryError `field.invalid` (400) for a text that is no list in JSON in base64url */
function partsOf(text: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(fromBase64(text));
    if (Array.isArray(parts)) return parts;
  } catch {
    // Said below.
  }
  throw noCursor();
}

export interface PageOfList<T> {
  readonly entries: readonly T[];
  /** Cursor of the next part; null after the last one. */
  readonly next: string | null;
}

/**
 * Cuts one part out of a list.
 * @param known the list from its beginning, at least up to the end of the part and one entry more where there is one
 * @throws TributaryError `field.invalid` (400) where the list has changed since the cursor was made, or the cursor is that of another list
 */
export function pageOf<T>(
  known: readonly T[],
  { n, cursor, ...list }: PagedList & { readonly n: number; readonly cursor: string | undefined },
): PageOfList<T> {
  const place = cursor === undefined ? { ...list, from: 0 } : decodeCursor(cursor, list.of);
  if (place.version !== list.version) throw changedList();
  const end = place.from + n;
  return { entries: known.slice(place.from, end), next: known.length > end ? encodeCursor(list, end) : null };
}

/** An entry of a list by falling score, ties by item id. */
export interface ScoredEntry {
  readonly itemId: string;
  readonly score: number;
}

/** The place behind an entry of a list by score: `from` entries stood up to it when the cursor was made. */
interface PlaceByScore extends ScoredEntry {
  readonly version: string;
  readonly from: number;
}

/** @throws TributaryError `field.invalid` (400) for a text that is no cursor of the list by score */
export function decodeScoreCursor(text: string, of: string): PlaceByScore {
  const place = decodeCursor(text, of);
  const [score, itemId] = partsOf(text).slice(3);
  if (!Number.isFinite(score) || typeof itemId !== 'string') throw noCursor();
  return { ...place, score: score as number, itemId: fromBase64(itemId) };
}

/**
 * Cuts one part out of a list by falling score, ties by item id, that may have gained or lost entries since the cursor was made: the part
 * begins behind the last entry of the part before, so that no entry comes twice.
 * @param known the list from its beginning
 * @param isWhole whether `known` ends where the list ends
 * @throws TributaryError `field.invalid` (400) where the cursor is that of another list or of another version of it
 */
export function pageByScore<T extends ScoredEntry>(
  known: readonly T[],
  options: PagedList & {
    readonly n: number;
    readonly cursor: string | undefined;
    readonly isWhole: boolean;
  },
): PageOfList<T> {
  const { of, version, n, cursor, isWhole } = options;
  const last = cursor === undefined ? undefined : decodeScoreCursor(cursor, of);
  if (last !== undefined && last.version !== version) throw changedList();
  const first = last === undefined ? 0 : known.filter((entry) => !isBehind(entry, last)).length;
  const entries = known.slice(first, first + n);
  const end = first + entries.length;
  const { score, itemId } = entries.at(-1) ?? last ?? { score: Number.NaN, itemId: '' };
  const isLast = end === known.length && (isWhole || known.length === 0);
  const next = isLast
    ? null
    : toBase64(JSON.stringify([digestOf(of), version, end, score, toBase64(itemId)]));
  return { entries, next };
}

// An id of control characters would be six times as long in JSON, and the cursor too long for a URL.
const toBase64 = (text: string): string => Buffer.from(text).toString('base64url');
const fromBase64 = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');

/** As short for the longest id as for any other, so that the cursor fits into a URL. */
const digestOf = (of: string): string => createHash('sha256').update(of).digest('base64url').slice(0, 16);

function isBehind(entry: ScoredEntry, last: ScoredEntry): boolean {
  return entry.score < last.score || (entry.score === last.score && entry.itemId > last.itemId);
}

function changedList(): TributaryError {
  return invalidCursor('belongs to a list that has changed since: read it from its beginning');
}

function noCursor(): TributaryError {
  return invalidCursor('is none: send the `next` of an answer as it is');
}

function invalidCursor(reason: string): TributaryError {
  return new TributaryError('field.invalid', reason, { status: 400, field: 'cursor' });
}
