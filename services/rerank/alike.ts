/** Categories and attributes of each row, as ascending distinct numbers. */
export type RowTerms = readonly ArrayLike<number>[];

const NONE = new Int32Array(0);

/**
 * Returns a function to the other rows that are too like a row, each found once. Two rows are as alike as the share of the terms of both
 * in those of either (Jaccard); a row without terms is like none. What a row adds to a slate is 1 minus its largest likeness to those above:
 * a limit of it is the minimal marginal relevance (after Carbonell and Goldstein 1998), as a rule instead of a term of the score.
 * @param least what a row must add, 0 to 1
 */
export function alikeRows(terms: RowTerms, least: number): (row: number) => Int32Array {
  const found = new Map<number, Int32Array>();
  return (row) => {
    let alike = found.get(row);
    if (alike === undefined) {
      alike = likeTo(terms, row, least);
      found.set(row, alike);
    }
    return alike;
  };
}

function likeTo(terms: RowTerms, row: number, least: number): Int32Array {
  const own = terms[row]!;
  if (own.length === 0) return NONE;
  const alike: number[] = [];
  for (const [other, its] of terms.entries())
    if (other !== row && its.length > 0 && 1 - likeness(own, its) < least) alike.push(other);
  return Int32Array.from(alike);
}

function likeness(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let both = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i]! < b[j]!) i++;
    else if (a[i]! > b[j]!) j++;
    else {
      both++;
      i++;
      j++;
    }
  }
  return both / (a.length + b.length - both);
}
