import type { Random } from '../random.ts';
import { quantile } from './quantile.ts';

/** A mean and the bounds of its interval. */
export interface Estimate {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface BootstrapOptions {
  readonly draws?: number;
  /** Confidence level, in (0, 1). */
  readonly confidence?: number;
}

/**
 * The mean of a table, with a row per repetition (a training under a seed) and a column per case (a query, a user),
 * and an interval that treats both as random: rows and columns are resampled independently, with replacement (the
 * pigeonhole bootstrap, Owen 2007). To compare two systems on the same cases, pass the differences. Throws RangeError
 * if the table is empty or its rows differ in length.
 */
export function bootstrapMean(
  table: ReadonlyArray<ArrayLike<number>>,
  random: Random,
  { draws = 1_000, confidence = 0.95 }: BootstrapOptions = {},
): Estimate {
  const cases = table[0]?.length ?? 0;
  if (cases === 0) throw new RangeError('An empty table has no mean');
  if (table.some(({ length }) => length !== cases)) throw new RangeError('Rows differ in length');
  const once = new Uint32Array(cases).fill(1);
  const means = Array.from({ length: draws }, () => {
    const counts = drawCounts(cases, random);
    const rows = table.map(() => table[random.integer(table.length)]!);
    return meanOf(rows, counts);
  });
  const tail = (1 - confidence) / 2;
  return { mean: meanOf(table, once), low: quantile(means, tail), high: quantile(means, 1 - tail) };
}

/**
 * The ratio Σ sums / Σ counts over groups of cases that are alike, such as the steps of a session, and an interval that resamples whole
 * groups with replacement, and the repetitions independently of them. Throws RangeError if there is no case, or rows differ in length.
 *
 * @param table a row per repetition: the sum of the values of each group
 * @param counts number of the values of each group
 */
export function bootstrapRatio(
  table: ReadonlyArray<ArrayLike<number>>,
  counts: ArrayLike<number>,
  random: Random,
  { draws = 1_000, confidence = 0.95 }: BootstrapOptions = {},
): Estimate {
  const groups = counts.length;
  if (table.some(({ length }) => length !== groups)) throw new RangeError('Sums and counts differ in length');
  const ratio = (rows: ReadonlyArray<ArrayLike<number>>, drawn: Uint32Array): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < groups; i++) {
      count += drawn[i]! * counts[i]!;
      for (const row of rows) sum += drawn[i]! * row[i]!;
    }
    return sum / (count * rows.length);
  };
  const mean = ratio(table, new Uint32Array(groups).fill(1));
  if (Number.isNaN(mean)) throw new RangeError('Without a case there is no ratio');
  const ratios = Array.from({ length: draws }, () => {
    const drawn = drawCounts(groups, random);
    return ratio(
      table.map(() => table[random.integer(table.length)]!),
      drawn,
    );
  });
  const known = ratios.filter((one) => !Number.isNaN(one));
  const tail = (1 - confidence) / 2;
  return { mean, low: quantile(known, tail), high: quantile(known, 1 - tail) };
}

/** Sums of values by group, and their numbers, as `bootstrapRatio` reads them. @param table a row per repetition, a value per case */
export function sumsByGroup(
  table: ReadonlyArray<ArrayLike<number>>,
  groupOf: ArrayLike<number | string>,
): { readonly sums: Float64Array[]; readonly counts: Float64Array } {
  const numbers = new Map<number | string, number>();
  const group = Array.from(groupOf, (name) => {
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
  const counts = new Float64Array(numbers.size);
  for (const own of group) counts[own]! += 1;
  const sums = table.map((values) => {
    const own = new Float64Array(numbers.size);
    group.forEach((number, place) => {
      own[number]! += values[place]!;
    });
    return own;
  });
  return { sums, counts };
}

/** Returns how often each of n cases is drawn in n draws with replacement. */
function drawCounts(cases: number, random: Random): Uint32Array {
  const counts = new Uint32Array(cases);
  for (let draw = 0; draw < cases; draw++) counts[random.integer(cases)]!++;
  return counts;
}

function meanOf(rows: ReadonlyArray<ArrayLike<number>>, counts: Uint32Array): number {
  let sum = 0;
  for (const row of rows) for (let i = 0; i < counts.length; i++) sum += counts[i]! * row[i]!;
  return sum / (rows.length * counts.length);
}
