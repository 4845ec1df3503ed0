import { hashString } from '../../random.ts';

/**
 * Fits a model once a fold on the rows of all other folds, and uses it for the rows of the fold, so that no prediction is of a model that
 * saw the row (Chernozhukov et al. 2018). All rows of a user are in one fold.
 *
 * @param users number of the user of each row
 * @param folds at least 2
 * @param fit returns a model of the given rows
 * @param use is called once a row, with the model that did not see it
 * @throws RangeError if there are less than 2 folds
 */
export function crossFit<Model>(
  users: Int32Array,
  folds: number,
  fit: (rows: Int32Array) => Model,
  use: (row: number, model: Model) => void,
): void {
  if (!Number.isSafeInteger(folds) || folds < 2) throw new RangeError(`folds: ${folds} is not at least 2`);
  const foldOf = Int32Array.from(users, (user) => hashString(`fold ${user}`) % folds);
  const rows = Int32Array.from(users.keys());
  for (let fold = 0; fold < folds; fold++) {
    const own = rows.filter((row) => foldOf[row] === fold);
    if (own.length === 0) continue;
    const model = fit(rows.filter((row) => foldOf[row] !== fold));
    for (const row of own) use(row, model);
  }
}
