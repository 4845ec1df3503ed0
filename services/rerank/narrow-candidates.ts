import type { Candidates } from './candidates.ts';

/** Returns the candidates that pass, with the rows of their features, which are copied. */
export function narrowCandidates(given: Candidates, passes: (itemId: string) => boolean): Candidates {
  return rowsOfCandidates(
    given,
    given.candidates.flatMap(({ itemId }, row) => (passes(itemId) ? [row] : [])),
  );
}

/** Returns the candidates of these rows, in their order, with the rows of their features, which are copied. */
export function rowsOfCandidates({ candidates, features }: Candidates, rows: readonly number[]): Candidates {
  const width = features.columns.length;
  const values = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries())
    values.set(features.values.subarray(row * width, (row + 1) * width), place * width);
  return { candidates: rows.map((row) => candidates[row]!), features: { columns: features.columns, values } };
}
