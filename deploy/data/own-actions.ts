import { basename } from 'node:path';
import { type ConvertedRow, convertedRows } from './converted-rows.ts';
import type { DatasetAction } from './dataset.ts';
import { createTimeCensus, type TimeBounds } from './event-times.ts';
import type { Mapping } from './mapping.ts';
import { toAction } from './row-conversion.ts';
import type { Reject } from './rows.ts';

/** What one reading of a file of actions found. */
export interface ActionScan {
  /** Rows that are loaded. */
  readonly valid: number;
  /** Rows whose times are absurd beside the others; `validActions` names them. */
  readonly absurd: number;
  /** Times outside of these bounds are absurd. Milliseconds since the epoch. */
  readonly bounds: TimeBounds;
  /** Event times of the oldest and the newest row that is loaded; null without any. */
  readonly oldest: number | null;
  readonly newest: number | null;
  /** Number of rows by type of action. */
  readonly types: Readonly<Record<string, number>>;
}

export interface OwnActions {
  readonly path: string;
  readonly mapping: Mapping;
  /** Begins the ids of events without one, `PREFIX:LINE`. */
  readonly idPrefix: string;
  /** The present, in milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Reads a file of actions once, in constant memory, to find what is wrong with it before anything is sent.
 * @param onRow called with the number of valid rows so far
 * @throws FileError if the file is unusable as a whole; an error of the file system
 */
export async function scanActions(
  own: OwnActions,
  reject: Reject,
  onRow: (rows: number) => void = () => undefined,
): Promise<ActionScan> {
  const census = createTimeCensus();
  const types: Record<string, number> = {};
  let rows = 0;
  for await (const { element } of converted(own, reject)) {
    census.add(element.occurredAt);
    types[element.type] = (types[element.type] ?? 0) + 1;
    rows += 1;
    onRow(rows);
  }
  const { bounds, absurd, oldest, newest } = census.result();
  return { valid: rows - absurd, absurd, bounds, oldest, newest, types };
}

/**
 * Reads the actions that a scan found valid, in the order of the file.
 * @param reject called with each row whose time is absurd; the scan has reported the other invalid rows
 */
export async function* validActions(
  own: OwnActions,
  { bounds }: Pick<ActionScan, 'bounds'>,
  reject: Reject,
): AsyncIterable<ConvertedRow<DatasetAction>> {
  for await (const row of converted(own, () => undefined)) {
    const { occurredAt } = row.element;
    if (occurredAt >= bounds.from && occurredAt <= bounds.to) {
      yield row;
      continue;
    }
    const date = new Date(occurredAt).toISOString().slice(0, 10);
    const reason = `${date} lies more than ten years from the others (event ${row.element.eventId})`;
    reject({ file: basename(own.path), line: row.line, field: 'occurredAt', reason });
  }
}

function converted(
  { path, mapping, idPrefix, now }: OwnActions,
  reject: Reject,
): AsyncIterable<ConvertedRow<DatasetAction>> {
  return convertedRows('actions', path, mapping, reject, (row) =>
    toAction(row, mapping.actions ?? {}, idPrefix, now),
  );
}
