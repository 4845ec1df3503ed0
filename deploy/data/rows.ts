import { basename, extname } from 'node:path';
import { readCsv } from './csv.ts';
import { readJson } from './json-rows.ts';
import { type Encoding, FileError } from './text-file.ts';

/** One record of a tabular file. */
export interface Row {
  /** Number of the line in the file where the row begins, from 1. */
  readonly line: number;
  /** Names of the columns; for JSON the keys of this object. */
  readonly columns: readonly string[];
  /** Whether all rows have these columns, because the first line names them. */
  readonly hasHeading: boolean;
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

export interface RowFormat {
  /** Default: UTF-8, or UTF-16 where a byte order mark says so. */
  readonly encoding?: Encoding | undefined;
  /** Names the columns of a CSV or TSV file whose first line does not. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * Reads the rows of a file by the ending of its name: .csv and .tsv (with a heading line), .jsonl and .ndjson (one object a
 * line) or .json (one array), each also compressed with gzip (.gz). A row that cannot be read is passed to `reject`, and
 * reading continues.
 *
 * @throws FileError if the ending is none of these or the file is no such text; an error of the file system
 */
export function readRows(path: string, reject: Reject, format: RowFormat = {}): AsyncIterable<Row> {
  switch (extname(path.replace(/\.gz$/i, '')).toLowerCase()) {
    case '.csv':
      return readCsv(path, reject, format);
    case '.tsv':
    case '.tab':
      return readCsv(path, reject, { ...format, delimiter: '\t' });
    case '.jsonl':
    case '.ndjson':
    case '.json':
      return readJson(path, reject, format);
  }
  throw new FileError(
    `${basename(path)} must end in .csv, .jsonl or .ndjson, in .tsv or .json, or in one of these and .gz.`,
  );
}
