import type { FieldSource, Mapping } from './mapping.ts';
import { FileError } from './text-file.ts';

/** Names by which other systems call a field, in lower case without separators. The first that a file has is suggested. */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  userId: [
    'userid',
    'user',
    'uid',
    'visitorid',
    'customerid',
    'customer',
    'memberid',
    'accountid',
    'sessionid',
  ],
  itemId: ['itemid', 'item', 'iid', 'productid', 'product', 'sku', 'articleid', 'movieid', 'contentid', 'id'],
  occurredAt: ['occurredat', 'timestamp', 'time', 'ts', 'at', 'date', 'datetime', 'eventtime', 'createdat'],
  title: ['title', 'name', 'itemname', 'productname', 'label', 'description'],
};

const REQUIRED = { actions: ['userId', 'itemId', 'occurredAt'], items: ['itemId', 'title'] } as const;

/** Columns that an error names. */
const SHOWN = 20;

export type Kind = keyof typeof REQUIRED;

/**
 * Checks that a row has a column for each required field and each field that the mapping names.
 * @throws FileError with one sentence: the missing fields, the columns found, and a mapping to try
 */
export function demandColumns(
  kind: Kind,
  file: string,
  { columns, cell }: { readonly columns: readonly string[]; cell(column: string): unknown },
  mapping: Mapping,
): void {
  const sources = (mapping[kind] ?? {}) as Readonly<Record<string, FieldSource | undefined>>;
  const missing = REQUIRED[kind].filter((field) => {
    const column = columnOf(sources[field] ?? field);
    return column !== undefined && !columns.includes(column) && cell(column) === undefined;
  });
  if (missing.length === 0) return;
  const found = columns
    .slice(0, SHOWN)
    .map((column) => column.slice(0, 40))
    .join(', ');
  const more = columns.length > SHOWN ? ', …' : '';
  throw new FileError(
    `${file} has no column for ${missing.join(', ')}: its columns are ${found}${more}. ${remedy(kind, missing, columns)}`,
  );
}

function remedy(kind: Kind, missing: readonly string[], columns: readonly string[]): string {
  const guesses = missing.flatMap((field) => {
    const column = SYNONYMS[field]?.map((name) => columns.find((one) => plain(one) === name)).find(Boolean);
    return column === undefined ? [] : [[field, column] as const];
  });
  if (guesses.length === 0) {
    const named = JSON.stringify({ [kind]: { columns: REQUIRED[kind] } });
    return `If these are values, add a first line that names the columns, such as ${REQUIRED[kind].join(',')}, or a --mapping such as ${named}; else name them in a --mapping.`;
  }
  return `Try a --mapping such as ${JSON.stringify({ [kind]: Object.fromEntries(guesses) })}.`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}

function columnOf(source: FieldSource): string | undefined {
  if (typeof source === 'string') return source;
  return 'column' in source ? source.column : undefined;
}
