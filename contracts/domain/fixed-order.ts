/** The feature by which the policy `fixed` orders candidates, as slates and arms name it. */

/** Words behind the name of a model in the columns of its score: the same order on several scales. */
export const SCALES_OF_A_SCORE: readonly string[] = ['score', 'own-score', 'beside-score'];

/** Returns the index of the column; of a model's score the one that is there, whichever scale it has; −1 without one. */
export function placeOfColumn(columns: readonly string[], column: string): number {
  const [model, word = ''] = column.split('.');
  const names = SCALES_OF_A_SCORE.includes(word)
    ? [column, ...SCALES_OF_A_SCORE.map((scale) => `${model}.${scale}`)]
    : [column];
  return names.map((name) => columns.indexOf(name)).find((place) => place !== -1) ?? -1;
}

/** Returns the column of a policy such as `fixed(column=trending.rank)`; undefined for every other policy. */
export function columnOfPolicy(policy: string): string | undefined {
  return /^fixed\(column=([^,()]+)\)$/.exec(policy)?.[1];
}

/**
 * Returns the column by which a policy orders and that candidates with these columns lack, so that their expected rewards order them;
 * undefined if nothing is missing.
 * @param policy as slates name it, with its settings
 */
export function missingColumn(policy: string, columns: readonly string[]): string | undefined {
  const column = columnOfPolicy(policy);
  return column === undefined || placeOfColumn(columns, column) !== -1 ? undefined : column;
}
