import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Dataset, type DatasetAction, type DatasetItem, range } from './dataset.ts';
import { parseMapping } from './mapping.ts';
import { RowError, toAction, toItem } from './row-conversion.ts';
import { type RejectedRow, readRows } from './rows.ts';

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
  readonly rejections: RejectedRows;
}

/**
 * Reads a user's own actions and items from CSV or JSONL files. An invalid row is counted and left out; reading
 * continues. All rows are held in memory, because they are sorted by event time. An action without an id gets
 * `FILE:LINE`, so that loading the same file twice counts it once.
 *
 * @throws MappingError for an invalid mapping; Error if a file cannot be read
 */
export async function openCustom(files: CustomFiles): Promise<CustomDataset> {
  const mapping =
    files.mapping === undefined ? {} : parseMapping(await readFile(files.mapping, 'utf8'), files.mapping);
  const rejections = collectRejections();
  const actions: DatasetAction[] = [];
  const items: DatasetItem[] = [];
  const file = basename(files.actions);
  await convertRows(files.actions, rejections.add, (row) =>
    actions.push(toAction(row, mapping.actions ?? {}, file)),
  );
  if (files.items !== undefined) {
    await convertRows(files.items, rejections.add, (row) => items.push(toItem(row, mapping.items ?? {})));
  }
  actions.sort((a, b) => a.occurredAt - b.occurredAt);
  return {
    name: 'custom',
    title: `your own data (${file})`,
    actionCount: actions.length,
    actions: (from, to) => range(actions, from, to),
    items: () => range(items),
    rejections: rejections.result,
  };
}

async function convertRows(
  path: string,
  reject: (rejection: RejectedRow) => void,
  convert: (row: Parameters<typeof toAction>[0]) => void,
): Promise<void> {
  for await (const row of readRows(path, reject)) {
    try {
      convert(row);
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      reject({ file: basename(path), line: row.line, field: error.field, reason: error.message });
    }
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
