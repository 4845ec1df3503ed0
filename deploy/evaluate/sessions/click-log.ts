import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CsvError, parse } from 'csv-parse/sync';
import { SetupError } from '../../local/parts/setup-error.mjs';

export interface Click {
  readonly session: string;
  readonly item: string;
  /** ms. */
  readonly at: number;
}

export interface ClickLog {
  /** Ascending by time, as `test` is. */
  readonly train: readonly Click[];
  readonly test: readonly Click[];
}

/** Names of the columns, in lower case; the first one that a file has is read. */
const COLUMNS = {
  session: ['session', 'sessionid', 'session_id', 'contextid', 'userid', 'user', 'user_id'],
  item: ['item', 'itemid', 'item_id'],
  at: ['t', 'time', 'timestamp', 'occurredat', 'at'],
} as const;

const NOUNS = { session: 'session or user', item: 'item', at: 'time' } as const;

const ENDINGS = ['.csv', '.csv.gz'];
/** A number below it is a time in seconds. */
const LEAST_MS = 1e11;
const DAY_MS = 86_400_000;

/**
 * Reads a log of clicks: a CSV file, which is split at the start of its last day (UTC), or a folder with `train` and `test`; plain or
 * gzipped. Times are seconds, milliseconds or ISO dates.
 * @throws SetupError if there is no such log, a row has no session, item or time, or one of the two parts would be empty
 */
export function readClickLog(path: string | undefined): ClickLog {
  if (path === undefined)
    throw new SetupError('No log was named', 'Name a CSV file, or a folder with train and test: --log PATH');
  if (!existsSync(path)) throw new SetupError(`There is no ${path}`, 'Name a log that exists: --log PATH');
  if (statSync(path).isDirectory()) {
    return { train: readClicks(findFile(path, 'train')), test: readClicks(findFile(path, 'test')) };
  }
  const clicks = readClicks(path);
  const lastDay = Math.floor(clicks.at(-1)!.at / DAY_MS) * DAY_MS;
  const boundary = clicks.findIndex(({ at }) => at >= lastDay);
  if (boundary === 0)
    throw new SetupError(
      `All clicks of ${path} are of one day (UTC), which would leave none to learn from`,
      'Name a log of two days, or a folder with train and test',
    );
  return { train: clicks.slice(0, boundary), test: clicks.slice(boundary) };
}

function findFile(folder: string, name: string): string {
  const path = ENDINGS.map((ending) => join(folder, `${name}${ending}`)).find((one) => existsSync(one));
  if (path !== undefined) return path;
  throw new SetupError(`${folder} has no ${name}.csv`, `Put ${name}.csv or ${name}.csv.gz there`);
}

function readClicks(path: string): Click[] {
  const [header = [], ...rows] = readRows(path);
  const names = header.map((name) => name.trim().toLowerCase());
  const columnOf = (kind: keyof typeof COLUMNS) => {
    const name = COLUMNS[kind].find((one) => names.includes(one));
    if (name !== undefined) return names.indexOf(name);
    throw new SetupError(
      `${path} has no column of the ${NOUNS[kind]}`,
      `Name it ${COLUMNS[kind].join(', ')} in the first line, which has ${names.join(', ') || 'nothing'}`,
    );
  };
  const [session, item, at] = [columnOf('session'), columnOf('item'), columnOf('at')];
  if (rows.length === 0)
    throw new SetupError(`${path} has no clicks`, 'Name a log with a line for each click');
  const clicks = rows.map((row, place) => {
    const click = { session: row[session]!, item: row[item]!, at: timeOf(row[at]!) };
    if (click.session && click.item && Number.isFinite(click.at)) return click;
    const missing = click.session ? (click.item ? `no time, but “${row[at]}”` : 'no item') : 'no session';
    throw new SetupError(
      `${path}, line ${place + 2}: ${missing}`,
      'Mend or remove the line; a time is in seconds, in milliseconds or an ISO date',
    );
  });
  return clicks.sort((a, b) => a.at - b.at);
}

function readRows(path: string): string[][] {
  try {
    const bytes = readFileSync(path);
    const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    return parse(text, { bom: true, skip_empty_lines: true }) as string[][];
  } catch (error) {
    const isCsv = error instanceof CsvError;
    if (!isCsv && (error as NodeJS.ErrnoException).code?.startsWith('Z_') !== true) throw error;
    throw new SetupError(
      `${path} cannot be read: ${(error as Error).message}`,
      isCsv
        ? 'Give each line as many cells as the first one has'
        : 'Name a whole file, gzipped only if it ends in .gz',
    );
  }
}

function timeOf(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) return Date.parse(text);
  return Math.round(number < LEAST_MS ? number * 1_000 : number);
}
