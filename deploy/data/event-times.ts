import { likelyUnit, parseInstant } from '#contracts/domain/instants.ts';
import type { TimeFormat } from './mapping.ts';

const DAY = 86_400_000;
const YEAR = 365.25 * DAY;

/** How texts and numbers of a file are read as times. */
export interface TimeRules {
  /** Without a format, a number is read as milliseconds and any other text as ISO 8601. */
  readonly format: TimeFormat | undefined;
  /** Zone of texts that name none: `Z`, or an offset such as `+01:00`. Without it such a text is refused. */
  readonly zone: string | undefined;
  /** The present, in milliseconds since the epoch; no time lies more than a day later. */
  readonly now: number;
}

/** @returns milliseconds since the epoch, or the reason why the text is no time of an event */
export function eventTime(text: string, rules: TimeRules): { at: number } | { reason: string } {
  const isNumber = /^[+-]?\d+(\.\d+)?$/.test(text);
  const format = rules.format ?? (isNumber ? 'ms' : 'iso');
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

function notLate(instant: ReturnType<typeof parseInstant>, text: string, { now, zone }: TimeRules) {
  if ('reason' in instant) {
    if (LOCAL_DATE.test(text)) {
      const reason =
        'may mean the day before the month or after it: write ISO 8601, such as 2026-04-03T00:00:00Z';
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
  return `${date}T${time.replace(/(\.\d{9})\d+$/, '$1')}${known ?? zone ?? ''}`;
}

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
