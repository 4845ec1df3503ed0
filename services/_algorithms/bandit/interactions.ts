import type { FeatureTable } from './choice.ts';

/** What is known of the request and the user: the same for all candidates. */
export interface ContextFeatures {
  readonly names: readonly string[];
  /** One finite number a name. */
  readonly values: Float64Array;
}

/** Name of the product of a column of the candidate and a number of the context. */
export function productName(column: string, context: string): string {
  return `${column}.at.${context}`;
}

/**
 * Appends to each row the products of its columns with the numbers of the context, so that a linear model can prefer other candidates in
 * another context. The numbers of the context alone would be the same in all rows and change no ranking.
 *
 * @param crossed the columns that are multiplied; columns that the table does not have are left out
 * @throws RangeError if there are not as many values as names
 */
export function withInteractions(
  { columns, values }: FeatureTable,
  context: ContextFeatures,
  crossed: readonly string[],
): FeatureTable {
  if (context.names.length !== context.values.length)
    throw new RangeError(`context: ${context.values.length} values for ${context.names.length} names`);
  const places = crossed.map((name) => columns.indexOf(name)).filter((place) => place >= 0);
  const names = places.flatMap((place) => context.names.map((name) => productName(columns[place]!, name)));
  const before = columns.length;
  const width = before + names.length;
  const rows = values.length / before;
  const wide = new Float64Array(rows * width);
  for (let row = 0; row < rows; row++) {
    wide.set(values.subarray(row * before, (row + 1) * before), row * width);
    let at = row * width + before;
    for (const place of places) {
      const own = values[row * before + place]!;
      for (const value of context.values) wide[at++] = own * value;
    }
  }
  return { columns: [...columns, ...names], values: wide };
}
