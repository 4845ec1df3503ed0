/** Limits that producers must keep and every reader may rely on. */

/** Longest eventId, userId, itemId or contextId, in bytes of UTF-8. */
export const MAX_ID_BYTES = 256;

/** How far a time may lie ahead of the clock of whoever accepts it, in milliseconds: five minutes. */
export const MAX_FUTURE_MS = 300_000;

/** Whether `id` is one: not empty, and at most MAX_ID_BYTES long. */
export function isId(id: string): boolean {
  // No UTF-16 unit takes less than one byte, so that the usual long text is refused without counting.
  return id !== '' && id.length <= MAX_ID_BYTES && Buffer.byteLength(id) <= MAX_ID_BYTES;
}
