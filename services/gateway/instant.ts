const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * Milliseconds since the epoch of a number of them, or of a date and time with a zone in ISO 8601; undefined for a
 * text that is neither or lies before 1970. A time without a zone would mean another moment on each machine.
 */
export function parseInstant(instant: number | string): number | undefined {
  if (typeof instant === 'number') return instant;
  if (!ISO_8601.test(instant)) return undefined;
  const parsed = Date.parse(instant);
  return Number.isNaN(parsed) || parsed < 0 ? undefined : parsed;
}
