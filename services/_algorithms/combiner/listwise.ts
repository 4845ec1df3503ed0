import { choleskyInPlace, solveLowerInPlace, solveLowerTransposedInPlace } from '../bandit/cholesky.ts';

/** The candidates of one user, some of which were chosen later. */
export interface ChoiceGroup {
  /** candidates × width, row-major, finite. */
  readonly rows: Float64Array;
  /** Places of the candidates that were chosen. */
  readonly chosen: Int32Array;
}

export interface ListwiseOptions {
  /** Columns of the rows. */
  readonly width: number;
  /** Weight of Σ w² in standard deviations of the columns, above 0, relative to the mean loss of a group. */
  readonly ridge: number;
}

const ITERATIONS = 15;
const TOLERANCE = 1e-8;
/** Steps of a line search. */
const HALVINGS = 12;

/**
 * The weights w by which the chosen candidates are most probable: P(i) = exp(wᵀxᵢ)/Σ exp(wᵀxⱼ) over the candidates of a group (ListNet, Cao
 * et al. 2007, top one; a conditional logit). A group counts by the root of its choices. Newton's method, which is exact for this convex loss.
 * Throws RangeError if no group has a choice.
 */
export function fitListwise(groups: readonly ChoiceGroup[], { width, ridge }: ListwiseOptions): Float64Array {
  const useful = groups.filter(({ chosen }) => chosen.length > 0);
  if (useful.length === 0) throw new RangeError('no candidate was chosen');
  const deviations = deviationsOf(useful, width);
  const penalties = deviations.map((deviation) => ridge * deviation ** 2);
  let weights = new Float64Array(width);
  let current = lossOf(useful, weights, penalties, true);
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    const step = current.gradient.slice();
    const hessian = current.hessian;
    for (let i = 0; i < width; i++) hessian[i * width + i]! += 1e-9;
    choleskyInPlace(hessian, width);
    solveLowerInPlace(hessian, step);
    solveLowerTransposedInPlace(hessian, step);
    let scale = 1;
    let next = weights;
    let loss = current.loss;
    for (let halving = 0; halving < HALVINGS; halving++, scale /= 2) {
      next = weights.map((weight, i) => weight - scale * step[i]!);
      loss = lossOf(useful, next, penalties, false).loss;
      if (loss < current.loss) break;
    }
    if (!(current.loss - loss > TOLERANCE)) break;
    weights = next;
    current = lossOf(useful, weights, penalties, true);
  }
  return weights;
}

/** Mean over the groups of the deviations of each column within a group; 1 for a column that is constant in all groups. */
function deviationsOf(groups: readonly ChoiceGroup[], width: number): Float64Array {
  const variances = new Float64Array(width);
  for (const { rows } of groups) {
    const count = rows.length / width;
    for (let column = 0; column < width; column++) {
      let [sum, squares] = [0, 0];
      for (let at = column; at < rows.length; at += width) {
        sum += rows[at]!;
        squares += rows[at]! ** 2;
      }
      variances[column]! += Math.max(0, squares / count - (sum / count) ** 2) / groups.length;
    }
  }
  return variances.map((variance) => (variance > 0 ? Math.sqrt(variance) : 1));
}

function lossOf(
  groups: readonly ChoiceGroup[],
  weights: Float64Array,
  penalties: Float64Array,
  isDerived: boolean,
) {
  const width = weights.length;
  const gradient = new Float64Array(width);
  const hessian = new Float64Array(width * width);
  let loss = 0;
  for (const { rows, chosen } of groups) {
    const importance = 1 / Math.sqrt(chosen.length) / groups.length;
    const { probabilities, logSum, scores } = softmax(rows, weights);
    for (const place of chosen) loss += importance * (logSum - scores[place]!);
    if (!isDerived) continue;
    const mean = new Float64Array(width);
    const mass = importance * chosen.length;
    probabilities.forEach((probability, place) => {
      const start = place * width;
      for (let i = 0; i < width; i++) {
        const part = probability * rows[start + i]!;
        mean[i]! += part;
        for (let j = 0; j <= i; j++) hessian[i * width + j]! += mass * part * rows[start + j]!;
      }
    });
    for (let i = 0; i < width; i++) {
      gradient[i]! += mass * mean[i]!;
      for (const place of chosen) gradient[i]! -= importance * rows[place * width + i]!;
      for (let j = 0; j <= i; j++) hessian[i * width + j]! -= mass * mean[i]! * mean[j]!;
    }
  }
  for (let i = 0; i < width; i++) {
    loss += penalties[i]! * weights[i]! ** 2;
    gradient[i]! += 2 * penalties[i]! * weights[i]!;
    hessian[i * width + i]! += 2 * penalties[i]!;
    for (let j = 0; j < i; j++) hessian[j * width + i] = hessian[i * width + j]!;
  }
  return { loss, gradient, hessian };
}

function softmax(rows: Float64Array, weights: Float64Array) {
  const scores = scoresOf(rows, weights);
  const largest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  const probabilities = scores.map((score) => Math.exp(score - largest));
  const sum = probabilities.reduce((total, one) => total + one, 0);
  for (let place = 0; place < probabilities.length; place++) probabilities[place]! /= sum;
  return { scores, probabilities, logSum: largest + Math.log(sum) };
}

/** wᵀx of each row. */
export function scoresOf(rows: Float64Array, weights: Float64Array): Float64Array {
  const width = weights.length;
  const scores = new Float64Array(rows.length / width);
  for (let place = 0, at = 0; place < scores.length; place++) {
    let score = 0;
    for (let i = 0; i < width; i++, at++) score += weights[i]! * rows[at]!;
    scores[place] = score;
  }
  return scores;
}
