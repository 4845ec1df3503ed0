import { basename } from 'node:path';
import type { Mapping } from './mapping.ts';
import { isMost } from './propose-actions.ts';
import { RowError } from './row-conversion.ts';
import { type Reject, type RejectedRow, type Row, readRows } from './rows.ts';
import { formatOf, type Kind } from './sample.ts';
import { FileError } from './text-file.ts';

/** Rows from which it shows that a mapping is wrong. */
const TRIAL_ROWS = 1_000;

/** A valid row of a user's own file. */
export interface ConvertedRow<T> {
  /** Number of the line in the file where the row begins, from 1. */
  readonly line: number;
  readonly element: T;
}

/** Rows that were tried before the first is yielded, and how many of them are invalid by field. */
interface Trial {
  rows: number;
  readonly invalid: Map<string, { count: number; rejection: RejectedRow }>;
}

/**
 * Reads and converts the rows of a user's own file, a few at a time. A row that is invalid is rejected. Nothing is yielded before
 * the first thousand rows have shown that the mapping is right.
 *
 * @param convert throws RowError for an invalid row
 * @throws FileError if the file is unusable as a whole, or most of its first rows are invalid in one field
 */
export async function* convertedRows<T>(
  kind: Kind,
  path: string,
  mapping: Mapping,
  reject: Reject,
  convert: (row: Row) => T,
): AsyncIterable<ConvertedRow<T>> {
  const file = basename(path);
  const trial: Trial = { rows: 0, invalid: new Map() };
  let held: ConvertedRow<T>[] | undefined = [];
  for await (const row of readRows(path, reject, formatOf(kind, mapping))) {
    trial.rows += 1;
    const converted = attempt(row);
    if (held === undefined) {
      if (converted !== undefined) yield converted;
      continue;
    }
    if (converted !== undefined) held.push(converted);
    if (trial.rows < TRIAL_ROWS) continue;
    demandMostRows(trial);
    yield* held;
    held = undefined;
  }
  if (held === undefined) return;
  demandMostRows(trial);
  yield* held;

  function attempt(row: Row): ConvertedRow<T> | undefined {
    try {
      return { line: row.line, element: convert(row) };
    } catch (error) {
      if (!(error instanceof RowError)) throw error;
      const rejection = { file, line: row.line, field: error.field, reason: error.message };
      reject(rejection);
      if (held !== undefined) {
        const seen = trial.invalid.get(error.field);
        trial.invalid.set(error.field, { count: (seen?.count ?? 0) + 1, rejection });
      }
      return undefined;
    }
  }
}

/** @throws FileError if one field is invalid in most rows, which a wrong mapping explains better than wrong rows do */
function demandMostRows({ rows, invalid }: Trial): void {
  for (const { count, rejection } of invalid.values()) {
    if (!isMost(count, rows)) continue;
    const { file, line, field, reason } = rejection;
    throw new FileError(
      `${file}: ${field} is invalid in ${count} of ${rows} rows, as in line ${line}: ${reason}. Correct the mapping or the file.`,
    );
  }
}
