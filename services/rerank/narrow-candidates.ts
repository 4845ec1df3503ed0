import type { Candidates } from './candidates.ts';

/** Returns the candidates that pass, with the rows of their features, which are copied. */
export function narrowCandidates(
  { candidates, features }: Candidates,
  passes: (itemId: string) => boolean,
): Candidates {
  const rows = candidates.flatMap(({ itemId }, row) => (passes(itemId) ? [row] : []));
  const width = features.columns.length;
  const values = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries())
    values.set(features.values.subarray(row * width, (row + 1) * width), place * width);
  return { candidates: rows.map((row) => candidates[row]!), features: { columns: features.columns, values } };
}
