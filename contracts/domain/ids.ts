/**
 * Ids of events, users, items and contexts: the rules that every producer keeps and every reader relies on, over HTTP and in
 * the log alike. An id is any well-formed text, control characters, NUL, slashes and dots included. U+FFFD is a character as any other
 * where its own bytes stand for it; bytes that are not UTF-8 are refused where they are decoded, so that they never become U+FFFD.
 * Ids are equal if their bytes are: two ways to write `é` in Unicode are two ids.
 */

/** Longest eventId, userId, itemId or contextId, in bytes of UTF-8. */
export const MAX_ID_BYTES = 256;

/** The user id of lists that serve every user, known or not. No single user may have this id. */
export const EVERYONE = '*';

/** Whether `userId` stands for all users and not for one. */
export function isEveryone(userId: string): boolean {
  return userId === EVERYONE;
}

/** Whether `id` is 1 to MAX_ID_BYTES bytes of well-formed text. */
export function isId(id: string): boolean {
  return idFault(id) === undefined;
}

/** Returns the reason why a text is no id, such as `is empty`; undefined for an id. */
export function idFault(id: string): string | undefined {
  if (id === '') return 'is empty';
  const bytes = Buffer.byteLength(id);
  if (bytes > MAX_ID_BYTES) return `has ${bytes} bytes; at most ${MAX_ID_BYTES} are allowed`;
  // A lone surrogate has no UTF-8: distinct ids would become one with the same replacement character.
  if (!id.isWellFormed()) return 'is not well-formed Unicode';
  return undefined;
}
