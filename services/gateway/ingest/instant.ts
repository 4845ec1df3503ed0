const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/**
 * Reads an instant from milliseconds since the epoch, or from a date and time with a zone in ISO 8601. Without a zone the
 * same text would mean a different instant on each machine.
 * @returns milliseconds since the epoch; undefined for a text that is no such date or lies before 1970
 */
export function parseInstant(instant: number | string): number | undefined {
  if (typeof instant === 'number') return instant;
  if (!ISO_8601.test(instant)) return undefined;
  const parsed = Date.parse(instant);
  return Number.isNaN(parsed) || parsed < 0 ? undefined : parsed;
}
