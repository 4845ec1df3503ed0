/** Start positions for reading a topic: parsed from the command line, and looked up as offsets. */
import type { Admin } from 'kafkajs';
import { likelyUnit, parseInstant } from '#contracts/domain/instants.ts';
import { TributaryError } from '#contracts/errors.ts';
import { closestWord } from './closest-word.ts';

export type Position =
  | { readonly at: 'beginning' }
  | { readonly at: 'end' }
  /** The last `count` messages of each partition. */
  | { readonly at: 'last'; readonly count: number }
  /** The same offset in each partition. */
  | { readonly at: 'offset'; readonly offset: number }
  /** The first message of each partition whose timestamp is not older, in milliseconds since the epoch. */
  | { readonly at: 'time'; readonly timestamp: number }
  /** An offset for each partition; a partition that is not named starts at its beginning. */
  | { readonly at: 'offsets'; readonly offsets: ReadonlyMap<number, number> };

export interface PartitionRange {
  readonly partition: number;
  /** Offset of the first message to read. */
  readonly start: number;
  /** Offset after the last message that existed when the range was looked up. */
  readonly end: number;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses `beginning`, `end`, `last:10`, `-5m` (also s, h, d), an offset, or a time: ISO 8601 with a zone, a date (UTC), or
 * milliseconds since 1970. A bare number is an offset or milliseconds by its size; `offset:N` is always an offset.
 * @param now the present, in milliseconds since the epoch
 * @throws TributaryError `topics.option` for any other text
 */
export function parsePosition(text: string, now: number): Position {
  if (text === 'beginning' || text === 'end') return { at: text };
  const last = /^last:(\d+)$/.exec(text);
  if (last) return { at: 'last', count: Number(last[1]) };
  const ago = /^-(\d+)([smhd])$/.exec(text);
  if (ago) return { at: 'time', timestamp: Math.max(0, now - Number(ago[1]) * UNIT_MS[ago[2]!]!) };
  const offset = /^offset:(\d+)$/.exec(text);
  if (offset && Number.isSafeInteger(Number(offset[1]))) return { at: 'offset', offset: Number(offset[1]) };
  if (/^\d+$/.test(text)) return parseNumber(text);
  const time = parseTime(text);
  if ('at' in time) return { at: 'time', timestamp: time.at };
  throw new TributaryError(
    'topics.option',
    `--from “${text}”${time.reason === '' ? '' : ` ${time.reason}`}: ${suggestion(text, now)}write beginning, end, last:10, -5m, -2h, an offset such as 1042, ` +
      'or a time such as 2026-03-01T12:00Z.',
  );
}

/** What people write for a position; a suggestion only, because `now` and `today` have several meanings. */
const WORDS: Readonly<Record<string, string>> = {
  start: 'beginning',
  first: 'beginning',
  earliest: 'beginning',
  all: 'beginning',
  latest: 'end',
  now: 'end',
  last: 'last:10',
  yesterday: '-1d',
};

function suggestion(text: string, now: number): string {
  const meant = meantBy(text.trim(), now);
  return meant === undefined ? '' : `did you mean ${meant}? Otherwise `;
}

function meantBy(text: string, now: number): string | undefined {
  const ago = /^[-+]?(\d+)\s*(s|m|h|d|w)\w*( ago)?$/.exec(text);
  if (ago !== null) return ago[2] === 'w' ? `-${7 * Number(ago[1])}d` : `-${ago[1]}${ago[2]}`;
  // A time of day, or a date with a time, of which the zone is missing.
  const clock = /^(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}:\d{2})(:\d{2})?$/.exec(text);
  if (clock !== null) {
    const [, date = new Date(now).toISOString().slice(0, 10), minutes = '', seconds = ''] = clock;
    const time = `${date}T${minutes.padStart(5, '0')}${seconds}Z`;
    return 'at' in parseTime(time) ? `${time} (UTC)` : undefined;
  }
  return WORDS[text.toLowerCase()] ?? closestWord(text, ['beginning', 'end']);
}

/** From here on a number may be seconds since 1970. */
const LARGEST_BARE_OFFSET = 1e9;

function parseNumber(text: string): Position {
  const number = Number(text);
  if (number < LARGEST_BARE_OFFSET) return { at: 'offset', offset: number };
  const unit = likelyUnit(number);
  if (unit === 'milliseconds') return { at: 'time', timestamp: number };
  throw new TributaryError(
    'topics.option',
    `--from “${text}” looks like ${unit}: write milliseconds since 1970, a time such as 2026-03-01T12:00Z, ` +
      'or offset:N for an offset.',
  );
}

/**
 * Parses a date (UTC), or a date and time with a zone.
 * @returns milliseconds since 1970, or a reason, which is empty if the text is nothing like a date
 */
export function parseTime(text: string): { readonly at: number } | { readonly reason: string } {
  if (!/^\d{4}-\d{2}-\d{2}/.test(text)) return { reason: '' };
  const instant = parseInstant(text.length === '2026-03-01'.length ? `${text}T00:00Z` : text);
  return 'at' in instant ? instant : { reason: instant.reason };
}

/** Looks up the offset of `position` in each partition, within the offsets of the partition. */
export async function resolveRanges(
  admin: Admin,
  topic: string,
  position: Position,
): Promise<PartitionRange[]> {
  const bounds = await admin.fetchTopicOffsets(topic);
  const atTime =
    position.at === 'time'
      ? new Map(
          (await admin.fetchTopicOffsetsByTimestamp(topic, position.timestamp)).map(
            ({ partition, offset }) => [partition, Number(offset)],
          ),
        )
      : new Map<number, number>();
  return bounds
    .map(({ partition, low, high }) => {
      const [first, end] = [Number(low), Number(high)];
      const wanted = startIn(partition, first, end, position, atTime);
      return { partition, start: Math.min(Math.max(wanted, first), end), end };
    })
    .sort((a, b) => a.partition - b.partition);
}

function startIn(
  partition: number,
  first: number,
  end: number,
  position: Position,
  atTime: ReadonlyMap<number, number>,
): number {
  switch (position.at) {
    case 'beginning':
      return first;
    case 'end':
      return end;
    case 'last':
      return end - position.count;
    case 'offset':
      return position.offset;
    case 'offsets':
      return position.offsets.get(partition) ?? first;
    case 'time':
      return atTime.get(partition) ?? end;
  }
}
