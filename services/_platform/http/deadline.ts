import type { IncomingHttpHeaders } from 'node:http';

/** Milliseconds for which the caller waits for the answer, counted from the arrival of the request. */
export const DEADLINE_HEADER = 'x-tributary-deadline-ms';

/** Returns for how long the caller waits, in milliseconds; at most `longest`, which also holds if it does not say. */
export function waitOfCaller(headers: IncomingHttpHeaders, longest: number): number {
  const value = headers[DEADLINE_HEADER];
  const wait = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : longest;
  return Math.min(wait, longest);
}
