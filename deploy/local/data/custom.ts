import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { type ActionInput, type Dataset, type ItemInput, range } from './dataset.ts';
import { parseMapping } from './mapping.ts';
import { RowError, toAction, toItem } from './row-conversion.ts';
import { type Rejection, readRows } from './rows.ts';

/** Kept of the rejected rows, to be shown. */
const EXAMPLES = 20;

export interface CustomFiles {
  readonly actions: string;
  /** Without a catalogue the items are only ids. */
  readonly items?: string;
  readonly mapping?: string;
}

/** What was left out of a user's own files. */
export interface Rejections {
  readonly count: number;
  /** How many rows each field spoilt. */
  readonly byField: Readonly<Record<string, number>>;
  readonly examples: readonly Rejection[];
}

export interface CustomDataset extends Dataset {
  readonly rejections: Rejections;
}

/**
 * A user's own actions and items out of CSV or JSONL files. A bad row is counted and left out; the others go on. All
 * are held in memory, to be put in the order of event time. An action without an id gets `FILE:LINE`, so that the same
 * file loaded twice counts once.
 *
 * @throws MappingError for a mapping that is none; Error when a file cannot be read
 */
export async function openCustom(files: CustomFiles): Promise<CustomDataset> {
  const mapping =
    files.mapping === undefined ? {} : parseMapping(await readFile(files.mapping, 'utf8'), files.mapping);
  const rejections = collectRejections();
  const actions: ActionInput[] = [];
  const items: ItemInput[] = [];
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
  reject: (rejection: Rejection) => void,
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
  const examples: Rejection[] = [];
  const result = { count: 0, byField, examples };
  return {
    result,
    add(rejection: Rejection) {
      result.count += 1;
      byField[rejection.field] = (byField[rejection.field] ?? 0) + 1;
      if (examples.length < EXAMPLES) examples.push(rejection);
    },
  };
}

/** The rejections in words, one line an example; empty when there are none. */
export function describeRejections({ count, byField, examples }: Rejections): string {
  if (count === 0) return '';
  const fields = Object.entries(byField).map(([field, rows]) => `${field} ${rows}`);
  const shown = examples.map(({ file, line, field, reason }) => `  ${file}:${line} ${field}: ${reason}`);
  if (count > examples.length) shown.push(`  … and ${count - examples.length} more`);
  return [`${count} rows were left out (${fields.join(', ')}):`, ...shown].join('\n');
}
