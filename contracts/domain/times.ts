/** Bounds of the times that records carry. All times are milliseconds since 1970. */
import type { Fault } from '../fault.ts';

/** How far the time of an event may lie ahead of the clock that accepts it, in milliseconds: five minutes. */
export const MAX_FUTURE_MS = 300_000;

/**
 * How far the timestamp of a message may lie ahead of the clock of the broker, in milliseconds: ten minutes. The topics
 * are declared with it, and a broker refuses what is further ahead.
 */
export const MAX_TIMESTAMP_AHEAD_MS = 600_000;

/** Time by which the clocks of a stage and of a broker may differ before a stored time looks impossible: a day. */
const CLOCK_TOLERANCE_MS = 86_400_000;

/** The year 1973. Seconds since 1970 lie below it until the year 5138. */
export const EARLIEST = 100_000_000_000;
/** The year 5138. Microseconds since 1970 lie above it from 1973 on. */
export const LATEST = 100_000_000_000_000;

/** Returns the fault of a time in `field`; undefined for a time in whole milliseconds from 1973 to 5138. */
export function timeFault(field: string, time: number): Fault | undefined {
  const reason = reasonOf(time);
  return reason === undefined ? undefined : { code: 'field.invalid', field, reason };
}

function reasonOf(time: number): string | undefined {
  if (!Number.isSafeInteger(time) || time < 0) return 'is not a time in whole milliseconds since 1970';
  if (time < EARLIEST) return 'looks like seconds: give milliseconds since 1970';
  if (time >= LATEST) return 'looks like microseconds or nanoseconds: give milliseconds since 1970';
  return undefined;
}

/** Returns the fault of a time in `field` that lies more than `MAX_FUTURE_MS` ahead of a clock; undefined for others. */
export function futureFault(field: string, time: number, clock: number, ofWhat: string): Fault | undefined {
  // Written so that a clock that is no number accepts nothing.
  if (time <= clock + MAX_FUTURE_MS) return undefined;
  const ahead = Math.round((time - clock) / 1_000);
  return { code: 'time.future', field, reason: `is ${ahead} s ahead of ${ofWhat}; five minutes are allowed` };
}

/**
 * Returns a time that was stored as the newest of a log, or 0 if no log can lead to it. Before timestamps were bounded, one
 * message could move it thousands of years ahead.
 * @param now the clock of this process, ms
 */
export function believableTime(stored: number, now: number): number {
  const latest = now + MAX_TIMESTAMP_AHEAD_MS + MAX_FUTURE_MS + CLOCK_TOLERANCE_MS;
  return stored <= latest ? stored : 0;
}
