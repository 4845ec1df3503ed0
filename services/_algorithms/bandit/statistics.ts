import { BinaryReader, BinaryWriter } from '../binary.ts';
import { isFiniteVector, type Vector } from '../vectors.ts';

const FORMAT_VERSION = 1;

/**
 * Sufficient statistics of linear regression on observations (x, r). They are sums, so that each partition keeps
 * its own and the statistics of the whole log are the sum of the parts.
 */
export interface Statistics {
  /** d, the length of x. */
  readonly dimension: number;
  /** Σ x·xᵀ, d × d, row-major, symmetric to the last bit. */
  readonly precision: Float64Array;
  /** Σ r·x, length d. */
  readonly moment: Float64Array;
  /** Number of observations. */
  count: number;
  /** Σ r. */
  rewardSum: number;
  /** Σ r². */
  rewardSquareSum: number;
}

/** Throws RangeError unless `dimension` is a positive integer. */
export function createStatistics(dimension: number): Statistics {
  if (!Number.isSafeInteger(dimension) || dimension < 1)
    throw new RangeError(`Not a dimension: ${dimension}`);
  return {
    dimension,
    precision: new Float64Array(dimension * dimension),
    moment: new Float64Array(dimension),
    count: 0,
    rewardSum: 0,
    rewardSquareSum: 0,
  };
}

/**
 * Adds one observation. Throws RangeError, and changes nothing, where `x` has another length or a number is not
 * finite: one NaN would stay in the sums for good.
 */
export function observe(statistics: Statistics, x: Vector, reward: number): void {
  const { dimension, precision, moment } = statistics;
  if (x.length !== dimension) throw new RangeError(`${x.length} features where the model has ${dimension}`);
  if (!isFiniteVector(x) || !Number.isFinite(reward))
    throw new RangeError('Features and reward must be finite');
  for (let i = 0; i < dimension; i++) {
    const xi = x[i]!;
    for (let j = 0; j < dimension; j++) precision[i * dimension + j]! += xi * x[j]!;
    moment[i]! += reward * xi;
  }
  statistics.count++;
  statistics.rewardSum += reward;
  statistics.rewardSquareSum += reward * reward;
}

/** Adds `other` to `into`. Throws RangeError where their dimensions differ. */
export function merge(into: Statistics, other: Statistics): void {
  if (into.dimension !== other.dimension) {
    throw new RangeError(`Cannot merge statistics of dimensions ${into.dimension} and ${other.dimension}`);
  }
  for (let i = 0; i < into.precision.length; i++) into.precision[i]! += other.precision[i]!;
  for (let i = 0; i < into.moment.length; i++) into.moment[i]! += other.moment[i]!;
  into.count += other.count;
  into.rewardSum += other.rewardSum;
  into.rewardSquareSum += other.rewardSquareSum;
}

/** Exact to the last bit: version, dimension and count as varints, then float64 sums, of `precision` the lower half. */
export function encodeStatistics(statistics: Statistics): Uint8Array {
  const { dimension, precision, moment } = statistics;
  const writer = new BinaryWriter();
  writer.varint(FORMAT_VERSION);
  writer.varint(dimension);
  writer.varint(statistics.count);
  writer.float64(statistics.rewardSum);
  writer.float64(statistics.rewardSquareSum);
  for (const value of moment) writer.float64(value);
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) writer.float64(precision[i * dimension + j]!);
  }
  return writer.finish();
}

/** Throws BinaryFormatError for another version and for bytes that are cut short or left over. */
export function decodeStatistics(bytes: Uint8Array): Statistics {
  const reader = new BinaryReader(bytes, 'bandit statistics');
  reader.version(FORMAT_VERSION);
  const dimension = reader.varint();
  // Each dimension takes at least 16 bytes, so that noise cannot ask for a huge matrix.
  if (dimension < 1 || dimension * 16 > bytes.length) throw reader.fault(`dimension ${dimension}`);
  const statistics = createStatistics(dimension);
  const { precision, moment } = statistics;
  statistics.count = reader.varint();
  statistics.rewardSum = reader.float64();
  statistics.rewardSquareSum = reader.float64();
  for (let i = 0; i < dimension; i++) moment[i] = reader.float64();
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const value = reader.float64();
      precision[i * dimension + j] = value;
      precision[j * dimension + i] = value;
    }
  }
  reader.end();
  return statistics;
}
