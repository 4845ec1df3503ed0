import { TributaryError } from '#contracts/errors.ts';

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
  if (place.of !== of)
    throw invalidCursor('belongs to a list that has changed since: read it from its beginning');
  const end = place.from + n;
  return { entries: known.slice(place.from, end), next: known.length > end ? encodeCursor(of, end) : null };
}

function invalidCursor(reason: string): TributaryError {
  return new TributaryError('field.invalid', reason, { status: 400, field: 'cursor' });
}
