import { LRUCache } from 'lru-cache';
import { likelyUnit, parseInstant } from '#contracts/domain/instants.ts';
import type { TimeFormat } from './mapping.ts';

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;

/** How texts and numbers of a file are read as times. */
export interface TimeRules {
  /** Without a format, a number is read as milliseconds and any other text as ISO 8601. */
  readonly format: TimeFormat | undefined;
  /**
   * Zone of texts that name none: `Z`, an offset such as `+01:00`, or a zone with summer time such as `Europe/Berlin`. Without it
   * such a text is refused.
   */
  readonly zone: string | undefined;
  /** The present, in milliseconds since the epoch; no time lies more than a day later. */
  readonly now: number;
}

/** @returns milliseconds since the epoch, or the reason why the text is no time of an event */
export function eventTime(text: string, rules: TimeRules): { at: number } | { reason: string } {
  const isNumber = /^[+-]?\d+(\.\d+)?$/.test(text);
  const format = rules.format ?? (isNumber ? 'ms' : 'iso');
  if (format === 'day-first' || format === 'month-first') {
    const iso = isoOfLocal(text, format) ?? text;
    return notLate(parseInstant(withZone(iso, rules.zone)), text, rules);
  }
  if (format === 'iso') return notLate(parseInstant(withZone(text, rules.zone)), text, rules);
  if (!isNumber) return { reason: `“${text}” is not a time (${format})` };
  const number = Number(text);
  const time = Math.round(number * (format === 's' ? 1_000 : 1));
  if (format === 's' && time >= 1e14)
    return { reason: `“${text}” looks like ${likelyUnit(number)}, not seconds` };
  if (format === 'ms' && likelyUnit(number) !== 'milliseconds') {
    const unit = likelyUnit(number);
    const remedy = unit === 'seconds' ? 'set "timeFormat": "s" in the mapping' : 'give milliseconds';
    return { reason: `“${text}” looks like ${unit}: ${remedy}` };
  }
  return notLate(parseInstant(time), text, rules);
}

/** 03/04/2026, 3.4.2026 and 03-04-26, with or without a time. */
const LOCAL_DATE = /^\d{1,2}([/.-])\d{1,2}\1\d{2,4}\b/;

/** Writes a local date in ISO 8601, still without a zone; undefined for any other text. Of a year of two digits the century is this one. */
function isoOfLocal(text: string, format: 'day-first' | 'month-first'): string | undefined {
  const parts =
    /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:(?:,? |T|, )(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?(AM|PM))?(?: Uhr)?)?$/i.exec(
      text,
    );
  if (parts === null) return undefined;
  const [, first = '', , second = '', year = '', hour = '0', minute = '00', seconds = '00', half] = parts;
  const [day, month] = format === 'day-first' ? [first, second] : [second, first];
  const two = (part: string | number): string => String(part).padStart(2, '0');
  const noon = half === undefined ? Number(hour) : (Number(hour) % 12) + (/pm/i.test(half) ? 12 : 0);
  return `${year.length === 2 ? `20${year}` : year}-${two(month)}-${two(day)} ${two(noon)}:${minute}:${seconds}`;
}

function localReason(text: string, reason: string, { format, zone }: TimeRules): string {
  if (/ zone/.test(reason) && zone === undefined) return 'has no zone: set "timeZone" in the mapping';
  const other = format === 'day-first' ? 'month-first' : 'day-first';
  if (isoOfLocal(text, other) !== undefined) return `is no date with the time format ${format}`;
  return reason;
}

function notLate(instant: ReturnType<typeof parseInstant>, text: string, rules: TimeRules) {
  const { now, zone } = rules;
  if ('reason' in instant) {
    if (LOCAL_DATE.test(text)) {
      const reason =
        rules.format === undefined || rules.format === 'iso'
          ? 'may mean the day before the month or after it: write ISO 8601, such as 2026-04-03T00:00:00Z, or set "timeFormat": "day-first" or "month-first" in the mapping'
          : localReason(text, instant.reason, rules);
      return { reason: `“${text}” ${reason}` };
    }
    const remedy =
      / zone/.test(instant.reason) && zone === undefined ? ', or set "timeZone" in the mapping' : '';
    return { reason: `“${text}” ${instant.reason}${remedy}` };
  }
  return instant.at > now + DAY ? { reason: `“${text}” lies in the future` } : instant;
}

/** `2026-03-01 12:00:00` and `2026-03-01` become ISO 8601 with the zone, if they have none. */
function withZone(text: string, zone: string | undefined): string {
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text,
    );
  if (parts === null) return text;
  const [, date, time = '00:00', own] = parts;
  const known = own === 'UTC' ? 'Z' : own !== undefined && /^[+-]\d{2}$/.test(own) ? `${own}:00` : own;
  const local = `${date}T${time.replace(/(\.\d{9})\d+$/, '$1')}`;
  if (known !== undefined || zone === undefined || !zone.includes('/'))
    return `${local}${known ?? zone ?? ''}`;
  return `${local}${offsetIn(zone, local)}`;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();
/** By zone and hour, because a file has many times of one hour. */
const OFFSETS = new LRUCache<string, string>({ max: 10_000 });

/** @returns the offset of the zone at a local time, such as `+02:00`; `Z` for no time. An hour that comes twice is the earlier one */
function offsetIn(zone: string, local: string): string {
  const key = `${zone} ${local.slice(0, 13)}`;
  const known = OFFSETS.get(key);
  if (known !== undefined) return known;
  const asUtc = Date.parse(`${local}Z`);
  if (Number.isNaN(asUtc)) return 'Z';
  const before = offsetAt(zone, asUtc - DAY / 2);
  const offset =
    offsetAt(zone, asUtc - before) === before ? before : offsetAt(zone, asUtc - offsetAt(zone, asUtc));
  const minutes = Math.abs(Math.round(offset / 60_000));
  const two = (part: number): string => String(part).padStart(2, '0');
  const text = `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
  OFFSETS.set(key, text);
  return text;
}

/** @returns milliseconds east of UTC */
function offsetAt(zone: string, at: number): number {
  let format = FORMATS.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    FORMATS.set(zone, format);
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute) - Math.floor(at / 60_000) * 60_000;
}

/** Whether a text names a zone: `Z`, `+01:00` or `Europe/Berlin`. */
export function isTimeZone(text: string): boolean {
  if (/^(Z|[+-]\d{2}:\d{2})$/.test(text)) return true;
  return text.includes('/') && ZONES.has(text);
}

const ZONES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('timeZone'));

/** Share of actions whose times may be absurd; more of them are no mistake but a long history. */
const ABSURD_SHARE = 1 / 500;
const ABSURD_DAYS = Math.round((10 * YEAR) / DAY);

/** Times from and to which actions are loaded, both included, in milliseconds since the epoch. */
export interface TimeBounds {
  readonly from: number;
  readonly to: number;
}

export interface TimeCensus {
  add(at: number): void;
  /** The bounds, the number of times outside of them, and the oldest and newest time inside; null without any. */
  result(): {
    readonly bounds: TimeBounds;
    readonly absurd: number;
    readonly oldest: number | null;
    readonly newest: number | null;
  };
}

/**
 * Counts times by day, in constant memory, and finds the few that lie more than ten years from the day of the median: one row of
 * 1974 would stretch the history of a log by fifty years. Where there are more of them, the history is that long.
 */
export function createTimeCensus(): TimeCensus {
  const days = new Map<number, { count: number; oldest: number; newest: number }>();
  let total = 0;
  return {
    add(at) {
      total += 1;
      const day = Math.floor(at / DAY);
      const seen = days.get(day);
      if (seen === undefined) {
        days.set(day, { count: 1, oldest: at, newest: at });
        return;
      }
      seen.count += 1;
      seen.oldest = Math.min(seen.oldest, at);
      seen.newest = Math.max(seen.newest, at);
    },
    result() {
      const sorted = [...days].sort(([a], [b]) => a - b);
      let before = 0;
      const [median = 0] =
        sorted.find(([, { count }]) => {
          before += count;
          return before > total / 2;
        }) ?? [];
      const near = sorted.filter(([day]) => Math.abs(day - median) <= ABSURD_DAYS);
      const absurd = total - near.reduce((sum, [, { count }]) => sum + count, 0);
      const kept = absurd > total * ABSURD_SHARE ? sorted : near;
      const bounds =
        kept === near
          ? { from: (median - ABSURD_DAYS) * DAY, to: (median + ABSURD_DAYS + 1) * DAY - 1 }
          : { from: 0, to: Number.MAX_SAFE_INTEGER };
      return {
        bounds,
        absurd: kept === near ? absurd : 0,
        oldest: kept[0]?.[1].oldest ?? null,
        newest: kept.at(-1)?.[1].newest ?? null,
      };
    },
  };
}
