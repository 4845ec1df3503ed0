/**
 * Adjusted Rand index of two labellings of the same objects (Hubert and Arabie 1985): 1 for equal partitions,
 * whatever the names of their labels, 0 on average for random ones, below 0 for less agreement than chance. It is 1
 * if both partitions are trivial in the same way. Throws RangeError if the labellings differ in length.
 */
export function adjustedRandIndex(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new RangeError(`${a.length} labels against ${b.length}`);
  const sizesOfA = new Map<number, number>();
  const sizesOfB = new Map<number, number>();
  const overlaps = new Map<number, Map<number, number>>();
  for (let i = 0; i < a.length; i++) {
    increment(sizesOfA, a[i]!);
    increment(sizesOfB, b[i]!);
    let row = overlaps.get(a[i]!);
    if (row === undefined) {
      row = new Map();
      overlaps.set(a[i]!, row);
    }
    increment(row, b[i]!);
  }
  const together = [...overlaps.values()].reduce((sum, row) => sum + pairsWithin(row), 0);
  const pairsOfA = pairsWithin(sizesOfA);
  const pairsOfB = pairsWithin(sizesOfB);
  const expected = a.length < 2 ? 0 : (pairsOfA * pairsOfB) / pairs(a.length);
  const greatest = (pairsOfA + pairsOfB) / 2;
  return greatest === expected ? 1 : (together - expected) / (greatest - expected);
}

function increment(counts: Map<number, number>, label: number): void {
  counts.set(label, (counts.get(label) ?? 0) + 1);
}

function pairsWithin(counts: Map<number, number>): number {
  let sum = 0;
  for (const count of counts.values()) sum += pairs(count);
  return sum;
}

function pairs(count: number): number {
  return (count * (count - 1)) / 2;
}
