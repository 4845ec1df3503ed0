/** Instants as people and clients write them. Everything inside is whole milliseconds since 1970, in UTC. */
import { EARLIEST, LATEST } from './times.ts';

/** The instant in milliseconds since 1970, or the rest of a sentence that begins with the field: `is no date`. */
export type Instant = { readonly at: number } | { readonly reason: string };

/** In microseconds the year 5138; in nanoseconds 3 March 1973. */
const MOST_US = 1e17;

/** The unit in which a number since 1970 is a time between 1973 and 5138. */
export type TimeUnit = 'seconds' | 'milliseconds' | 'microseconds' | 'nanoseconds';

export function likelyUnit(time: number): TimeUnit {
  if (time < EARLIEST) return 'seconds';
  if (time < LATEST) return 'milliseconds';
  return time < MOST_US ? 'microseconds' : 'nanoseconds';
}

const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(Z|[+-](\d{2}):?(\d{2}))?)?$/;

/** Further from UTC than any zone has been. */
const MAX_ZONE_HOURS = 18;

/**
 * Reads milliseconds since 1970, or a date and time with a zone in ISO 8601. Without a zone the same text would mean another
 * instant on each machine. Dates and times that do not exist are refused, not carried over: 30 February, 24:00, and leap
 * seconds, which no clock of ours counts.
 */
export function parseInstant(instant: number | string): Instant {
  return typeof instant === 'number' ? readNumber(instant) : readText(instant);
}

function readNumber(time: number): Instant {
  const unit = likelyUnit(time);
  if (unit !== 'milliseconds') {
    return { reason: `looks like ${unit}: give milliseconds since 1970, or ISO 8601 with a zone` };
  }
  return Number.isInteger(time) ? { at: time } : { reason: 'must be an integer: give whole milliseconds' };
}

function readText(text: string): Instant {
  const parts = ISO_8601.exec(text);
  if (parts === null || parts[4] === undefined) {
    const isNumber = /^\s*-?\d+(\.\d+)?\s*$/.test(text);
    return {
      reason: isNumber
        ? 'must be ISO 8601 with a zone; give a number without quotes'
        : 'must be ISO 8601 with a zone, such as 2026-03-01T12:00:00Z',
    };
  }
  const reason = dateFault(parts);
  if (reason !== undefined) return { reason };
  if (parts[7] === undefined) return { reason: 'has no zone: append Z for UTC, or an offset such as +01:00' };
  const at = Date.parse(text);
  if (Number.isNaN(at)) return { reason: 'must be ISO 8601 with a zone, such as 2026-03-01T12:00:00Z' };
  return at < EARLIEST ? { reason: 'lies before 3 March 1973: earlier times are not accepted' } : { at };
}

/** Why a date in ISO 8601, with or without a time, does not exist; undefined if it does, or if the text is no such date. */
export function isoDateFault(text: string): string | undefined {
  const parts = ISO_8601.exec(text);
  return parts === null ? undefined : dateFault(parts);
}

function dateFault(parts: RegExpExecArray): string | undefined {
  const [year, month, day, hour, minute, second] = parts
    .slice(1, 7)
    .map((part: string | undefined) => Number(part ?? 0)) as [number, number, number, number, number, number];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) {
    return `is no date: ISO 8601 has no ${parts[1]}-${parts[2]}-${parts[3]}`;
  }
  if (hour > 23) return 'is no time: midnight is 00:00 of the next day, and hours end at 23';
  if (minute > 59 || second > 59) return 'is no time: minutes and seconds end at 59, also for a leap second';
  const isZone = parts[8] === undefined || (Number(parts[8]) <= MAX_ZONE_HOURS && Number(parts[9]) < 60);
  return isZone ? undefined : `has no such zone: ${parts[7]}`;
}

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
