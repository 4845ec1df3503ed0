import { basename } from 'node:path';
import type { FieldSource, Mapping } from './mapping.ts';
import { type Row, readRows } from './rows.ts';
import { plainName } from './synonyms.ts';
import { FileError } from './text-file.ts';

export type Kind = 'actions' | 'items';

/** The first rows of a file, from which it shows what the columns hold. */
export interface FileSample {
  readonly kind: Kind;
  readonly file: string;
  /** Names of the columns; for JSON the keys of all objects, with a dot into an object inside. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

const SAMPLE_ROWS = 1_000;

/**
 * Reads the first rows of a file. Where its owner has to confirm how the text is encoded, it is read in the likely encoding.
 * @returns `refused` with the error that asks for the encoding
 * @throws FileError if the file is unusable as a whole; an error of the file system
 */
export async function readSample(
  kind: Kind,
  path: string,
  mapping: Mapping,
): Promise<FileSample & { readonly refused?: FileError }> {
  try {
    return await sampleOf(kind, path, mapping, formatOf(kind, mapping).encoding);
  } catch (error) {
    const encoding = error instanceof FileError ? error.proposal?.mapping.encoding : undefined;
    if (encoding === undefined) throw error;
    return { ...(await sampleOf(kind, path, mapping, encoding)), refused: error as FileError };
  }
}

/** Returns how the rows of a file are read. */
export function formatOf(
  kind: Kind,
  mapping: Mapping,
): Pick<Mapping, 'encoding'> & { columns?: readonly string[] } {
  const { columns, encoding = mapping.encoding } = mapping[kind] ?? {};
  return { ...(columns && { columns }), ...(encoding && { encoding }) };
}

async function sampleOf(
  kind: Kind,
  path: string,
  mapping: Mapping,
  encoding: Mapping['encoding'],
): Promise<FileSample> {
  const rows: Row[] = [];
  const columns = new Set<string>();
  const format = { ...formatOf(kind, mapping), ...(encoding && { encoding }) };
  for await (const row of readRows(path, () => undefined, format)) {
    rows.push(row);
    for (const column of row.columns) addPaths(columns, column, row.hasHeading ? '' : row.cell(column));
    if (rows.length >= SAMPLE_ROWS) break;
  }
  return { kind, file: basename(path), columns: [...columns], rows };
}

function addPaths(columns: Set<string>, column: string, cell: unknown): void {
  const isNested = typeof cell === 'object' && cell !== null && !Array.isArray(cell);
  if (isNested) for (const key of Object.keys(cell)) columns.add(`${column}.${key}`);
  else columns.add(column);
}

/** Whether a column stands in the file; in JSON as a path too. */
export function hasColumn({ columns, rows }: FileSample, column: string): boolean {
  return columns.includes(column) || rows.some((row) => row.cell(column) !== undefined);
}

/** Columns that a field is read from. */
export function sourceColumns(source: FieldSource): readonly string[] {
  if (typeof source === 'string') return [source];
  if ('constant' in source) return [];
  return 'columns' in source ? source.columns : [source.column];
}

/** The texts of a column in the sample that are not empty. */
export function textsOf({ rows }: FileSample, column: string): readonly string[] {
  return rows
    .map((row) => row.cell(column))
    .filter((cell) => ['string', 'number', 'boolean'].includes(typeof cell))
    .map((cell) => String(cell).trim())
    .filter((text) => text !== '');
}

/** Returns the column that has one of the names, in the order of the names. */
export function columnNamed(columns: readonly string[], names: readonly string[]): string | undefined {
  for (const name of names) {
    const column = columns.find((one) => plainName(one) === name);
    if (column !== undefined) return column;
  }
  return undefined;
}

/** Returns the column of which a word is one of the names: `customer_ref`. Short names would hit by chance. */
export function columnWithWord(columns: readonly string[], names: readonly string[]): string | undefined {
  const wordsOf = (column: string) =>
    column
      .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
      .split(/[^\p{L}\p{N}]+/u)
      .map(plainName);
  const long = names.filter((name) => name.length >= 4);
  return columns.find((column) => wordsOf(column).some((word) => long.includes(word)));
}
