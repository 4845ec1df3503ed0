import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
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

const ENDINGS = ['.csv', '.csv.gz'];
/** A number below it is a time in seconds. */
const LEAST_MS = 1e11;
const DAY_MS = 86_400_000;

/**
 * Reads a log of clicks: a CSV file, which is split at the start of its last day (UTC), or a folder with `train` and `test`; plain or
 * gzipped. Times are seconds, milliseconds or ISO dates.
 * @throws SetupError if there is no such log, or a row has no session, item or time
 */
export function readClickLog(path: string | undefined): ClickLog {
  if (path === undefined)
    throw new SetupError('No log was named', 'Name a CSV file, or a folder with train and test: --log PATH');
  if (!existsSync(path)) throw new SetupError(`There is no ${path}`, 'Name a log that exists: --log PATH');
  if (statSync(path).isDirectory()) {
    return { train: readClicks(findFile(path, 'train')), test: readClicks(findFile(path, 'test')) };
  }
  const clicks = readClicks(path);
  const lastDay = Math.floor((clicks.at(-1)?.at ?? 0) / DAY_MS) * DAY_MS;
  const boundary = clicks.findIndex(({ at }) => at >= lastDay);
  return { train: clicks.slice(0, boundary), test: clicks.slice(boundary) };
}

function findFile(folder: string, name: string): string {
  const path = ENDINGS.map((ending) => join(folder, `${name}${ending}`)).find((one) => existsSync(one));
  if (path !== undefined) return path;
  throw new SetupError(`${folder} has no ${name}.csv`, `Put ${name}.csv or ${name}.csv.gz there.`);
}

function readClicks(path: string): Click[] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header = [], ...rows] = parse(text, { bom: true, skip_empty_lines: true }) as string[][];
  const names = header.map((name) => name.trim().toLowerCase());
  const columnOf = (kind: keyof typeof COLUMNS) => {
    const name = COLUMNS[kind].find((one) => names.includes(one));
    if (name !== undefined) return names.indexOf(name);
    throw new SetupError(`${path} has no column ${kind}`, `Name it one of ${COLUMNS[kind].join(', ')}.`);
  };
  const [session, item, at] = [columnOf('session'), columnOf('item'), columnOf('at')];
  const clicks = rows.map((row, place) => {
    const click = { session: row[session]!, item: row[item]!, at: timeOf(row[at]!) };
    if (click.session && click.item && Number.isFinite(click.at)) return click;
    throw new SetupError(`${path}, line ${place + 2}: no session, item or time`, 'Mend or remove the line.');
  });
  return clicks.sort((a, b) => a.at - b.at);
}

function timeOf(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || Number.isNaN(number)) return Date.parse(text);
  return Math.round(number < LEAST_MS ? number * 1_000 : number);
}
