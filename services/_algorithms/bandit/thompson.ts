import type { Random } from '../random.ts';
import { TopK } from '../top-k.ts';
import { isFiniteVector } from '../vectors.ts';
import { type Posterior, sampleWeights } from './linear.ts';

export const DEFAULT_DRAWS = 64;

export interface SlateRequest {
  /** candidates × d, row-major. */
  readonly features: Float64Array;
  readonly posterior: Posterior;
  /** Number of slots; with fewer candidates the slate is as long as they are. */
  readonly size: number;
  /** Number of weight vectors drawn from the posterior, at least 1. */
  readonly draws?: number;
  readonly random: Random;
}

/** Three arrays of one length, a slot each. */
export interface Slate {
  /** Row of the candidate shown, no row twice. */
  readonly order: Int32Array;
  /** xᵀw under the draw that is shown, descending. */
  readonly scores: Float64Array;
  /** Probability of the slot's candidate in that slot, in [1/draws, 1]. */
  readonly propensities: Float64Array;
}

/**
 * Thompson sampling of a slate (Chapelle and Li 2011; Agrawal and Goyal 2013 for the linear model).
 * Each of `draws` weight vectors makes its list of the `size` best candidates, ties to the smaller row, and one
 * list, picked uniformly, is shown. The propensity of a slot is the share of the lists that have the same candidate there.
 *
 * Given the draws the policy is exactly "pick one of these lists", so the propensity is the exact probability
 * that was acted on, not an estimate of one, and it cannot be zero. Conditioned on the draws, inverse propensity
 * weighting is therefore unbiased for the candidates that some list has in the slot. The others had no chance in
 * this request: a policy that would show them lies outside the support here, the less often the more draws.
 *
 * Throws RangeError where `features` are not whole rows or not finite, or `draws` is not a positive integer.
 */
export function chooseSlate(request: SlateRequest): Slate {
  const { draws = DEFAULT_DRAWS, random } = request;
  if (!Number.isSafeInteger(draws) || draws < 1)
    throw new RangeError(`draws must be a positive integer: ${draws}`);
  const candidates = countCandidates(request);
  const size = Math.min(request.size, candidates);
  const { rows, scores } = drawLists(request, candidates, size, draws);
  const shown = random.integer(draws) * size;

  const order = rows.slice(shown, shown + size);
  const propensities = new Float64Array(size);
  for (let slot = 0; slot < size; slot++) {
    let lists = 0;
    for (let list = 0; list < draws; list++) if (rows[list * size + slot] === order[slot]) lists++;
    propensities[slot] = lists / draws;
  }
  return { order, scores: scores.slice(shown, shown + size), propensities };
}

function countCandidates({ features, posterior }: SlateRequest): number {
  const candidates = features.length / posterior.mean.length;
  if (!Number.isInteger(candidates)) {
    throw new RangeError(`${features.length} numbers are not rows of ${posterior.mean.length} features`);
  }
  if (!isFiniteVector(features)) throw new RangeError('Features must be finite');
  return candidates;
}

/** One list after another: `rows[list * size + slot]`. */
function drawLists(
  { features, posterior, random }: SlateRequest,
  candidates: number,
  size: number,
  draws: number,
): { rows: Int32Array; scores: Float64Array } {
  const d = posterior.mean.length;
  const rows = new Int32Array(draws * size);
  const scores = new Float64Array(draws * size);
  const weights = new Float64Array(d);
  const top = new TopK(size);
  for (let list = 0; list < draws; list++) {
    sampleWeights(posterior, random, weights);
    for (let candidate = 0; candidate < candidates; candidate++) {
      let score = 0;
      for (let i = 0, j = candidate * d; i < d; i++, j++) score += weights[i]! * features[j]!;
      top.offer(candidate, score);
    }
    top.drainInto(rows, scores, list * size);
  }
  return { rows, scores };
}
