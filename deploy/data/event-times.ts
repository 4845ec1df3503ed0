import { likelyUnit, parseInstant } from '#contracts/domain/instants.ts';
import type { DatasetAction } from './dataset.ts';
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

function notLate(instant: ReturnType<typeof parseInstant>, text: string, { now, zone }: TimeRules) {
  if ('reason' in instant) {
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
const ABSURD_SHARE = 1 / 1_000;
const ABSURD_DISTANCE = 10 * YEAR;

/**
 * Splits actions, ascending by time, into those within ten years of the median and the few others: one row of 1974 would
 * stretch the history of a log by fifty years.
 */
export function splitAbsurd<T extends Pick<DatasetAction, 'occurredAt'>>(
  actions: readonly T[],
): { kept: readonly T[]; absurd: readonly T[] } {
  const median = actions[actions.length >> 1]?.occurredAt ?? 0;
  const isNear = ({ occurredAt }: T) => Math.abs(occurredAt - median) <= ABSURD_DISTANCE;
  const absurd = actions.filter((action) => !isNear(action));
  if (absurd.length === 0 || absurd.length > actions.length * ABSURD_SHARE)
    return { kept: actions, absurd: [] };
  return { kept: actions.filter(isNear), absurd };
}
