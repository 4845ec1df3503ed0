import type { Random } from '../random.ts';
import { type Pairs, toItems, toUsers } from './sparse.ts';
import { eigenOfSymmetric, gram, timesSquare } from './symmetric.ts';

export interface FactorOptions {
  /** Length of the vectors; fewer where the matrix has fewer singular values above the regularisation. */
  readonly rank: number;
  /** Taken off each singular value of the scaled matrix, relative to the largest, 0 to 1. */
  readonly regularisation: number;
  /** An item of a user counts takers^−`damping`. */
  readonly damping: number;
  /** A recommended item counts takers^`popularity`. */
  readonly popularity: number;
}

/** What the users took, as vectors of items. The score of an item j for a user who took I is offer_j · ⟨unit_j, Σ_I fold_i · unit_i⟩. */
export interface BehaviourFactors {
  readonly rank: number;
  /** itemCount × rank, rows of length 1; zeros for an item that the factors do not know. */
  readonly units: Float32Array;
  /** Weight of each item in the vector of a user, at least 0. */
  readonly fold: Float64Array;
  /** Weight of each item as a candidate, at least 0. */
  readonly offer: Float64Array;
}

/** Extra columns, with which the last requested ones converge (Halko, Martinsson and Tropp 2011, §4.2). */
const OVERSAMPLING = 12;
const ITERATIONS = 7;

/**
 * Ridge-regularised factors of the matrix of users and items, A = X·D^−damping, whose best approximation U·Vᵀ under λ(‖U‖² + ‖V‖²)
 * takes λ off each singular value of A; implicit alternating least squares (Hu, Koren and Volinsky 2008) with α = 1 converges to the
 * same one. A user is folded in from the items alone: x·D^−damping·V·diag((σ − λ)/σ)·Vᵀ, so that nothing is stored by user.
 *
 * Randomised subspace iteration; O(pairs · rank + items · rank²) an iteration.
 */
export function factorise(pairs: Pairs, options: FactorOptions, random: Random): BehaviourFactors {
  return factorsOf(decompose(pairs, options, random), options);
}

/** The largest singular values of the scaled matrix and their vectors, of which factors of any regularisation are made. */
export interface Decomposition {
  /** Items × width, row-major: the vectors, of length 1, in columns. */
  readonly singular: Float64Array;
  /** Singular values, falling. */
  readonly sigma: Float64Array;
  readonly takers: Float64Array;
  readonly width: number;
}

export function decompose(
  pairs: Pairs,
  options: Pick<FactorOptions, 'rank' | 'damping'>,
  random: Random,
): Decomposition {
  const { itemCount, itemStarts } = pairs;
  const width = Math.min(options.rank + OVERSAMPLING, Math.max(1, Math.min(itemCount, pairs.userCount)));
  const takers = Float64Array.from({ length: itemCount }, (_, i) => itemStarts[i + 1]! - itemStarts[i]!);
  const scale = takers.map((count) => (count === 0 ? 0 : count ** -options.damping));
  let columns: Float64Array = Float64Array.from({ length: itemCount * width }, () => random.normal());
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const users = toUsers(pairs, scale, orthonormalise(columns, width), width);
    columns = toItems(pairs, scale, users, width);
  }
  const basis = orthonormalise(columns, width);
  const { values, vectors } = eigenOfSymmetric(gram(toUsers(pairs, scale, basis, width), width), width);
  const singular = timesSquare(basis, vectors, width);
  return { singular, sigma: values.map((value) => Math.sqrt(Math.max(0, value))), takers, width };
}

/** @param options with the damping of the decomposition, and at most its rank */
export function factorsOf(
  { singular, sigma, takers, width }: Decomposition,
  options: FactorOptions,
): BehaviourFactors {
  const lambda = options.regularisation * sigma[0]!;
  return assemble(singular, sigma, lambda, takers, options, width);
}

function assemble(
  singular: Float64Array,
  sigma: Float64Array,
  lambda: number,
  takers: Float64Array,
  { rank, damping, popularity }: FactorOptions,
  width: number,
): BehaviourFactors {
  const itemCount = takers.length;
  const kept = Math.min(rank, width);
  const shrink = Float64Array.from({ length: kept }, (_, k) =>
    sigma[k]! > lambda ? Math.sqrt((sigma[k]! - lambda) / sigma[k]!) : 0,
  );
  const units = new Float32Array(itemCount * rank);
  const [fold, offer] = [new Float64Array(itemCount), new Float64Array(itemCount)];
  for (let item = 0; item < itemCount; item++) {
    let square = 0;
    for (let k = 0; k < kept; k++) square += (singular[item * width + k]! * shrink[k]!) ** 2;
    const length = Math.sqrt(square);
    if (length === 0 || takers[item] === 0) continue;
    for (let k = 0; k < kept; k++)
      units[item * rank + k] = (singular[item * width + k]! * shrink[k]!) / length;
    fold[item] = length * takers[item]! ** -damping;
    offer[item] = length * takers[item]! ** popularity;
  }
  return { rank, units, fold, offer };
}

/**
 * The same space in columns of length 1, by eigenvectors of the Gram matrix; a direction that is not there becomes a zero column.
 */
function orthonormalise(matrix: Float64Array, width: number): Float64Array {
  const { values, vectors } = eigenOfSymmetric(gram(matrix, width), width);
  for (let column = 0; column < width; column++) {
    const value = values[column]!;
    const factor = value > values[0]! * 1e-13 ? 1 / Math.sqrt(value) : 0;
    for (let i = 0; i < width; i++) vectors[i * width + column]! *= factor;
  }
  return timesSquare(matrix, vectors, width);
}

/** The vector of a user who took these items, as numbers; length rank. */
export function foldIn(
  { units, fold, rank }: Pick<BehaviourFactors, 'rank' | 'units' | 'fold'>,
  items: ArrayLike<number>,
): Float64Array {
  const user = new Float64Array(rank);
  let i = 0;
  // Three items at a time: a sum in the same order, with a third of its loads and stores.
  for (; i + 2 < items.length; i += 3) {
    let a = items[i]!;
    let b = items[i + 1]!;
    let c = items[i + 2]!;
    const ofA = fold[a]!;
    const ofB = fold[b]!;
    const ofC = fold[c]!;
    a *= rank;
    b *= rank;
    c *= rank;
    for (let k = 0; k < rank; k++)
      user[k] = user[k]! + ofA * units[a + k]! + ofB * units[b + k]! + ofC * units[c + k]!;
  }
  for (; i < items.length; i++) {
    const weight = fold[items[i]!]!;
    for (let k = 0, at = items[i]! * rank; k < rank; k++, at++) user[k]! += weight * units[at]!;
  }
  return user;
}
