/** Which items a slate may show, as the caller asks. Categories and attributes are compared without their case. */

export interface SlateFilter {
  /** The item is in at least one of these categories; empty demands nothing. */
  readonly anyCategory: readonly string[];
  /** The item is in all of these categories. */
  readonly allCategories: readonly string[];
  /** The item has all of these attributes, each written `name:value`. */
  readonly attributes: readonly string[];
  /** None of these items. */
  readonly exclude: readonly string[];
}

/** Most entries of each list of a filter. */
export const MAX_FILTER_ENTRIES = 100;

/** An attribute as a filter names it. The name ends at the first colon. */
export function attributeTerm(name: string, value: string): string {
  return `${name}:${value}`;
}

/** A category or attribute as filters compare it. */
export function withoutCase(term: string): string {
  return term.normalize('NFKC').toLowerCase();
}

export function isEmptyFilter({ anyCategory, allCategories, attributes, exclude }: SlateFilter): boolean {
  return [anyCategory, allCategories, attributes, exclude].every((entries) => entries.length === 0);
}
