import { BinaryReader, BinaryWriter } from '../binary.ts';
import { isFiniteVector, type Vector } from '../vectors.ts';

const FORMAT_VERSION = 2;

/**
 * Sufficient statistics of linear regression on observations (x, r), where each number of x belongs to a named
 * column. They are sums: each partition keeps its own, and the statistics of the whole log are the sum of the parts.
 * An observation without a column counts as 0 there, so columns may appear at any time.
 */
export interface Statistics {
  /** Index of each column, d of them, in the order of their first observation. */
  readonly columns: Map<string, number>;
  /** Σ x·xᵀ, d × d, row-major, symmetric to the last bit. */
  precision: Float64Array;
  /** Σ r·x, length d. */
  moment: Float64Array;
  /** Number of observations. */
  count: number;
  /** Σ r. */
  rewardSum: number;
  /** Σ r². */
  rewardSquareSum: number;
}

/** Returns the statistics of no observations. */
export function createStatistics(): Statistics {
  return {
    columns: new Map(),
    precision: new Float64Array(0),
    moment: new Float64Array(0),
    count: 0,
    rewardSum: 0,
    rewardSquareSum: 0,
  };
}

/** How much an observation counts. */
export interface ObservationWeights {
  /** Of x·xᵀ; default 1. */
  readonly precision?: number;
  /** Of r·x; default 1. */
  readonly moment?: number;
}

/**
 * Adds one observation, `x[i]` in `columns[i]`; unknown columns are appended in their order. Throws RangeError, and
 * changes nothing, if the lengths differ, a column is named twice, or a number is not finite: one NaN would stay in
 * the sums for ever.
 */
export function observe(
  statistics: Statistics,
  columns: readonly string[],
  x: Vector,
  reward: number,
  { precision: weight = 1, moment: factor = 1 }: ObservationWeights = {},
): void {
  if (x.length !== columns.length) throw new RangeError(`${x.length} features for ${columns.length} columns`);
  if (new Set(columns).size !== columns.length) throw new RangeError('A column is named twice');
  if (!isFiniteVector(x) || ![reward, weight, factor].every(Number.isFinite))
    throw new RangeError('Features and reward must be finite');
  const places = appendColumns(statistics, columns);
  const { precision, moment } = statistics;
  const dimension = moment.length;
  for (let i = 0; i < x.length; i++) {
    const xi = x[i]!;
    const row = places[i]! * dimension;
    for (let j = 0; j < x.length; j++) precision[row + places[j]!]! += weight * (xi * x[j]!);
    moment[places[i]!]! += factor * reward * xi;
  }
  statistics.count++;
  statistics.rewardSum += reward;
  statistics.rewardSquareSum += reward * reward;
}

/**
 * Adds `other` to `into`, column by column; columns that `into` lacks are appended in the order of `other`.
 * @param factor of the sums over x; the counts and sums of rewards are added as they are
 */
export function merge(into: Statistics, other: Statistics, factor = 1): void {
  const places = appendColumns(into, [...other.columns.keys()]);
  const from = other.moment.length;
  const to = into.moment.length;
  for (let i = 0; i < from; i++) {
    const row = places[i]! * to;
    for (let j = 0; j < from; j++)
      into.precision[row + places[j]!]! += factor * other.precision[i * from + j]!;
    into.moment[places[i]!]! += factor * other.moment[i]!;
  }
  into.count += other.count;
  into.rewardSum += other.rewardSum;
  into.rewardSquareSum += other.rewardSquareSum;
}

/** @returns the index of each of the names, which are distinct; the sums of a new column are 0 */
function appendColumns(statistics: Statistics, names: readonly string[]): Int32Array {
  const { columns, precision, moment } = statistics;
  const places = Int32Array.from(names, (name) => {
    const place = columns.get(name) ?? columns.size;
    columns.set(name, place);
    return place;
  });
  const before = moment.length;
  const after = columns.size;
  if (after === before) return places;
  statistics.precision = new Float64Array(after * after);
  for (let i = 0; i < before; i++) {
    statistics.precision.set(precision.subarray(i * before, (i + 1) * before), i * after);
  }
  statistics.moment = new Float64Array(after);
  statistics.moment.set(moment);
  return places;
}

/**
 * Exact to the last bit: version, number of columns and of observations as varints, the names, then float64 sums, of
 * `precision` the lower half.
 */
export function encodeStatistics({ columns, precision, moment, ...sums }: Statistics): Uint8Array {
  const dimension = columns.size;
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(dimension);
  writer.varint(sums.count);
  for (const name of columns.keys()) writer.string(name);
  writer.float64(sums.rewardSum);
  writer.float64(sums.rewardSquareSum);
  const numbers = new Float64Array(dimension + (dimension * (dimension + 1)) / 2);
  numbers.set(moment);
  let at = dimension;
  for (let i = 0; i < dimension; i++)
    for (let j = 0; j <= i; j++) numbers[at++] = precision[i * dimension + j]!;
  // As `float64` would write them one by one: all machines that run Node are little-endian.
  writer.bytes(new Uint8Array(numbers.buffer));
  return writer.finish();
}

/**
 * Reads versions 1 and 2. Throws BinaryFormatError for another version, for truncated or trailing bytes, and for
 * columns that are not distinct.
 * @param columnsOfVersion1 the names of the columns of version 1, which did not contain them
 */
export function decodeStatistics(bytes: Uint8Array, columnsOfVersion1: readonly string[]): Statistics {
  const reader = new BinaryReader(bytes, 'bandit statistics');
  const version = reader.version(1, FORMAT_VERSION);
  const dimension = reader.varint();
  // Each column takes at least 16 bytes, so malformed bytes cannot request a huge matrix.
  if (dimension * 16 > bytes.length) throw reader.fault(`${dimension} columns`);
  const statistics = createStatistics();
  statistics.count = reader.varint();
  const names = version === 1 ? columnsOfVersion1 : Array.from({ length: dimension }, () => reader.string());
  if (names.length !== dimension || new Set(names).size !== dimension) {
    throw reader.fault(`columns ${names.join(', ')} where there are ${dimension}`);
  }
  statistics.rewardSum = reader.float64();
  statistics.rewardSquareSum = reader.float64();
  appendColumns(statistics, names);
  const { precision, moment } = statistics;
  for (let i = 0; i < dimension; i++) moment[i] = reader.float64();
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const value = reader.float64();
      precision[i * dimension + j] = value;
      precision[j * dimension + i] = value;
    }
  }
  reader.end();
  // Version 1 wrote all columns before the first observation; a log that is read again has none at that time.
  return statistics.count === 0 ? createStatistics() : statistics;
}
