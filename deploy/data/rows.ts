import { createReadStream } from 'node:fs';
import { basename, extname } from 'node:path';
import { createInterface } from 'node:readline';
import { parse } from 'csv-parse';

/** One record of a tabular file. */
export interface Row {
  /** Line number in the file, from 1. */
  readonly line: number;
  /** Returns the cell of a column; for JSON a dotted path reaches inside. Undefined if the cell is missing. */
  cell(column: string): unknown;
}

/** A row that was left out, and the reason. */
export interface RejectedRow {
  readonly file: string;
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export type Reject = (rejection: RejectedRow) => void;

/**
 * Reads the rows of a CSV file (with a heading line) or of a JSONL file, by the ending of its name. A row that cannot
 * be read is passed to `reject`, and reading continues.
 *
 * @throws Error if the ending is neither, or the file cannot be opened
 */
export function readRows(path: string, reject: Reject): AsyncIterable<Row> {
  const ending = extname(path).toLowerCase();
  if (ending === '.csv') return readCsv(path, reject);
  if (ending === '.jsonl' || ending === '.ndjson') return readJsonLines(path, reject);
  throw new Error(`${path} must end in .csv, .jsonl or .ndjson`);
}

async function* readCsv(path: string, reject: Reject): AsyncIterable<Row> {
  const file = basename(path);
  const parser = createReadStream(path)
    .on('error', (error) => parser.destroy(error))
    .pipe(
      parse({
        bom: true,
        columns: true,
        info: true,
        trim: true,
        skipEmptyLines: true,
        skipRecordsWithError: true,
        onSkip(error) {
          reject({
            file,
            line: error && 'lines' in error ? Number(error.lines) : 0,
            field: 'row',
            reason: error?.message ?? 'unreadable',
          });
          return undefined;
        },
      }),
    );
  for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
    yield { line: info.lines, cell: (column) => record[column] };
  }
}

interface CsvRecord {
  readonly record: Readonly<Record<string, string>>;
  readonly info: { readonly lines: number };
}

async function* readJsonLines(path: string, reject: Reject): AsyncIterable<Row> {
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    line += 1;
    const trimmed = text.replace(/^\uFEFF/, '').trim();
    if (trimmed === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(trimmed);
    } catch (error) {
      reject({ file: basename(path), line, field: 'row', reason: `not JSON: ${(error as Error).message}` });
      continue;
    }
    yield { line, cell: (column) => reach(value, column) };
  }
}

/** A column of exactly that name takes precedence over a path through nested objects. */
function reach(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  return dot < 0
    ? undefined
    : reach((value as Record<string, unknown>)[path.slice(0, dot)], path.slice(dot + 1));
}
