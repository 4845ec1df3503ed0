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

/**
 * The place of the next part of a list, as an opaque text.
 * @param of names the list as it was, such as its generation: a cursor of another one is rejected, so that parts never mix
 * @param from index of the first entry of the next part
 */
export function encodeCursor(of: string, from: number): string {
  return Buffer.from(JSON.stringify([of, from])).toString('base64url');
}

/** The names of the list and the place that a cursor holds. @throws TributaryError `field.invalid` (400) for any other text */
export function decodeCursor(text: string): { readonly of: string; readonly from: number } {
  try {
    const [of, from] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof of === 'string' && Number.isSafeInteger(from) && (from as number) >= 0)
      return { of, from: from as number };
  } catch {
    // Said below.
  }
  throw invalidCursor('is none: send the `next` of an answer as it is');
}

export interface PageOfList<T> {
  readonly entries: readonly T[];
  /** Cursor of the next part; null after the last one. */
  readonly next: string | null;
}

/**
 * Cuts one part out of a list.
 * @param known the list from its beginning, at least up to the end of the part and one entry more where there is one
 * @throws TributaryError `field.invalid` (400) where the list has changed since the cursor was made
 */
export function pageOf<T>(
  known: readonly T[],
  { of, n, cursor }: { readonly of: string; readonly n: number; readonly cursor: string | undefined },
): PageOfList<T> {
  const place = cursor === undefined ? { of, from: 0 } : decodeCursor(cursor);
  if (place.of !== of) throw changedList();
  const end = place.from + n;
  return { entries: known.slice(place.from, end), next: known.length > end ? encodeCursor(of, end) : null };
}

/** An entry of a list by falling score, ties by item id. */
export interface ScoredEntry {
  readonly itemId: string;
  readonly score: number;
}

/** The place behind an entry of a list by score: `from` entries stood up to it when the cursor was made. */
interface PlaceByScore extends ScoredEntry {
  readonly of: string;
  readonly from: number;
}

/** @throws TributaryError `field.invalid` (400) for a text that is no cursor of a list by score */
export function decodeScoreCursor(text: string): PlaceByScore {
  try {
    const parts = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as unknown[];
    const [of, from, score, itemId] = parts;
    const isPlace = Number.isSafeInteger(from) && (from as number) >= 0 && Number.isFinite(score);
    if (typeof of === 'string' && typeof itemId === 'string' && isPlace)
      return { of, from: from as number, score: score as number, itemId: fromBase64(itemId) };
  } catch {
    // Said below.
  }
  throw invalidCursor('is none: send the `next` of an answer as it is');
}

/**
 * Cuts one part out of a list by falling score, ties by item id, that may have gained or lost entries since the cursor was made: the part
 * begins behind the last entry of the part before, so that no entry comes twice.
 * @param known the list from its beginning
 * @param isWhole whether `known` ends where the list ends
 * @throws TributaryError `field.invalid` (400) where the list is another one than that of the cursor
 */
export function pageByScore<T extends ScoredEntry>(
  known: readonly T[],
  options: {
    readonly of: string;
    readonly n: number;
    readonly cursor: string | undefined;
    readonly isWhole: boolean;
  },
): PageOfList<T> {
  const { of, n, cursor, isWhole } = options;
  const last = cursor === undefined ? undefined : decodeScoreCursor(cursor);
  if (last !== undefined && last.of !== of) throw changedList();
  const first = last === undefined ? 0 : known.filter((entry) => !isBehind(entry, last)).length;
  const entries = known.slice(first, first + n);
  const end = first + entries.length;
  const { score, itemId } = entries.at(-1) ?? last ?? { score: Number.NaN, itemId: '' };
  const isLast = end === known.length && (isWhole || known.length === 0);
  const next = isLast ? null : toBase64(JSON.stringify([of, end, score, toBase64(itemId)]));
  return { entries, next };
}

// An id of control characters would be six times as long in JSON, and the cursor too long for a URL.
const toBase64 = (text: string): string => Buffer.from(text).toString('base64url');
const fromBase64 = (text: string): string => Buffer.from(text, 'base64url').toString('utf8');

function isBehind(entry: ScoredEntry, last: ScoredEntry): boolean {
  return entry.score < last.score || (entry.score === last.score && entry.itemId > last.itemId);
}

function changedList(): TributaryError {
  return invalidCursor('belongs to a list that has changed since: read it from its beginning');
}

function invalidCursor(reason: string): TributaryError {
  return new TributaryError('field.invalid', reason, { status: 400, field: 'cursor' });
}
