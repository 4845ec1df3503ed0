import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { demandColumns, type Kind } from './columns.ts';
import { type Dataset, type DatasetAction, type DatasetItem, range } from './dataset.ts';
import { splitAbsurd } from './event-times.ts';
import { type Mapping, parseMapping } from './mapping.ts';
import { RowError, toAction, toItem } from './row-conversion.ts';
import { type RejectedRow, type Row, readRows } from './rows.ts';
import { FileError } from './text-file.ts';

/** Rejected rows that are kept as examples. */
const EXAMPLES = 20;

export interface CustomFiles {
  readonly actions: string;
  /** Without a catalogue, items are ids only. */
  readonly items?: string;
  readonly mapping?: string;
}

/** Rows of a user's own files that were left out. */
export interface RejectedRows {
  readonly count: number;
  /** Number of rejected rows by field. */
  readonly byField: Readonly<Record<string, number>>;
  readonly examples: readonly RejectedRow[];
}

export interface CustomDataset extends Dataset {
  /** Valid actions of the file, those beyond the limit included. */
  readonly found: number;
  readonly rejections: RejectedRows;
}

export interface CustomOptions {
  /** Number of last actions to keep. Default: all. */
  readonly limit?: number;
  /** The present, in milliseconds since the epoch. */
  readonly now?: number;
}

/**
 * Reads a user's own actions and items from CSV or JSON files, see `readRows`. An invalid row is counted and left out;
 * reading continues. At most two times `limit` actions are held in memory, because they are sorted by event time. An action
 * without an id gets `FILE:LINE`, so that loading the same file twice counts it once.
 *
 * @throws MappingError for an invalid mapping; FileError if a file is unusable as a whole; an error of the file system
 */
export async function openCustom(files: CustomFiles, options: CustomOptions = {}): Promise<CustomDataset> {
  const { limit = Number.POSITIVE_INFINITY, now = Date.now() } = options;
  const mapping =
    files.mapping === undefined ? {} : parseMapping(await readFile(files.mapping, 'utf8'), files.mapping);
  const rejections = collectRejections();
  const file = basename(files.actions);
  let actions: DatasetAction[] = [];
  let found = 0;
  await convertRows('actions', files.actions, mapping, rejections, (row) => {
    actions.push(toAction(row, mapping.actions ?? {}, file, now));
    found += 1;
    if (actions.length >= Math.max(1_000, 2 * limit)) actions = latest(actions, limit);
  });
  const items: DatasetItem[] = [];
  if (files.items !== undefined) {
    await convertRows('items', files.items, mapping, rejections, (row) =>
      items.push(toItem(row, mapping.items ?? {})),
    );
  }
  const { kept, absurd } = splitAbsurd(latest(actions, Number.POSITIVE_INFINITY));
  for (const { eventId, occurredAt } of absurd) {
    const date = new Date(occurredAt).toISOString().slice(0, 10);
    const reason = `${date} lies more than ten years from the others (event ${eventId})`;
    rejections.add({ file, line: lineOf(eventId, file), field: 'occurredAt', reason });
  }
  const used = kept.slice(Math.max(0, kept.length - limit));
  return {
    name: 'custom',
    title: `your own data (${file})`,
    actionCount: used.length,
    found: found - absurd.length,
    actions: (from, to) => range(used, from, to),
    items: () => range(items),
    rejections: rejections.result,
  };
}

/** The last `limit` actions, ascending by time. */
function latest(actions: DatasetAction[], limit: number): DatasetAction[] {
  const sorted = actions.sort((a, b) => a.occurredAt - b.occurredAt);
  return limit >= sorted.length ? sorted : sorted.slice(sorted.length - limit);
}

function lineOf(eventId: string, file: string): number {
  return eventId.startsWith(`${file}:`) ? Number(eventId.slice(file.length + 1)) || 0 : 0;
}

/** Rows from which it shows that a mapping is wrong. */
const TRIAL_ROWS = 1_000;
const MIN_TRIAL_ROWS = 20;

async function convertRows(
  kind: Kind,
  path: string,
  mapping: Mapping,
  rejections: ReturnType<typeof collectRejections>,
  convert: (row: Row) => void,
): Promise<void> {
  const file = basename(path);
  const trial: Trial = { rows: 0, invalid: new Map() };
  const check = () => demandMostRows(trial, (row) => demandColumns(kind, file, row, mapping));
  for await (const row of readRows(path, rejections.add)) {
    if (trial.rows === 0 && row.hasHeading) demandColumns(kind, file, row, mapping);
    trial.rows += 1;
    try {
      convert(row);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const rejection = { file, line: row.line, field: error.field, reason: error.message };
      rejections.add(rejection);
      const seen = trial.invalid.get(error.field);
      trial.invalid.set(error.field, { count: (seen?.count ?? 0) + 1, row, rejection });
    }
    if (trial.rows === TRIAL_ROWS) check();
  }
  if (trial.rows < TRIAL_ROWS) check();
}

/** The first rows of a file, and how many of them are invalid by field. */
interface Trial {
  rows: number;
  readonly invalid: Map<string, { count: number; row: Row; rejection: RejectedRow }>;
}

/** @throws FileError if one field is invalid in most rows, which a wrong mapping explains better than wrong rows do */
function demandMostRows({ rows, invalid }: Trial, explain: (row: Row) => void): void {
  for (const { count, row, rejection } of invalid.values()) {
    if (count < rows && (rows < MIN_TRIAL_ROWS || count * 2 <= rows)) continue;
    explain(row);
    const { file, line, field, reason } = rejection;
    throw new FileError(
      `${file}: ${field} is invalid in ${count} of ${rows} rows, as in line ${line}: ${reason}. Correct the mapping or the file.`,
    );
  }
}

function collectRejections() {
  const byField: Record<string, number> = {};
  const examples: RejectedRow[] = [];
  const result = { count: 0, byField, examples };
  return {
    result,
    add(rejection: RejectedRow) {
      result.count += 1;
      byField[rejection.field] = (byField[rejection.field] ?? 0) + 1;
      if (examples.length < EXAMPLES) examples.push(rejection);
    },
  };
}

/** Describes the rejections, one line per example; empty if there are none. */
export function describeRejections({ count, byField, examples }: RejectedRows): string {
  if (count === 0) return '';
  const fields = Object.entries(byField).map(([field, rows]) => `${field} ${rows}`);
  const shown = examples.map(({ file, line, field, reason }) => `  ${file}:${line} ${field}: ${reason}`);
  if (count > examples.length) shown.push(`  … and ${count - examples.length} more`);
  return [`${count} rows were left out (${fields.join(', ')}):`, ...shown].join('\n');
}
