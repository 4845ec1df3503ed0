import type { Reject, RejectedRow } from './rows.ts';

/** Rejected rows that are kept as examples: of each field a few, so that a frequent fault does not hide the others. */
const EXAMPLES = 20;
const EXAMPLES_OF_FIELD = 5;

/** Rows of a user's own files that were left out. */
export interface RejectedRows {
  readonly count: number;
  /** Number of rejected rows by field. */
  readonly byField: Readonly<Record<string, number>>;
  readonly examples: readonly RejectedRow[];
}

/** @param onEach called with every rejected row, for a report of all of them */
export function collectRejections(onEach: Reject = () => undefined): {
  readonly result: RejectedRows;
  readonly add: Reject;
} {
  const byField: Record<string, number> = {};
  const examples: RejectedRow[] = [];
  const result = { count: 0, byField, examples };
  return {
    result,
    add(rejection: RejectedRow) {
      result.count += 1;
      byField[rejection.field] = (byField[rejection.field] ?? 0) + 1;
      if (byField[rejection.field]! <= EXAMPLES_OF_FIELD && examples.length < EXAMPLES)
        examples.push(rejection);
      onEach(rejection);
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
