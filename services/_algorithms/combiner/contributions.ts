import type { ScannedUser } from '../behaviour/factor-scan.ts';
import type { BehaviourFactors } from '../behaviour/factors.ts';
import { createPoolingKernel, type PoolingKernel } from '../pinsage/pooling-kernel.ts';
import type { RankedCandidates } from './candidate-ranking.ts';
import { type CombinerBase, DEPTH, LARGEST_SCORE, LOG_RANKS, PRIOR_PAIRS, scaleOf } from './candidates.ts';

/** Why a candidate has its score. */
export interface Contribution {
  /** Position among the items of the user of the one that contributes most; −1 where none contributes. */
  readonly by: number;
  /** Its contribution, in units of the score. */
  readonly amount: number;
  /** Its part of all contributions, 0 if it is none; above 1 where others take away. */
  readonly share: number;
  /**
   * Whether it contributes at least twice as much as an average item of the user does, and has at least twice the share that it
   * has in the other candidates: a staple that leads to everything explains nothing.
   */
  readonly isOutstanding: boolean;
}

const NOBODY: Contribution = { by: -1, amount: 0, share: 0, isOutstanding: false };
const OUTSTANDING = 2;
/** Columns that the kernel processes at a time. */
const LANES = 32;

/**
 * The contributions of the items of a user to the scores of candidates.
 *
 * What a set of factors adds to a score, above that of an item of which they know nothing, is divided as the items of the user
 * divide the sum of the factors, which is exact because that sum is linear in them; the rank goes with the score. What a group of items
 * adds is divided equally among the user's items of the group. Traits of the candidate are nobody's contribution.
 */
export class Contributions {
  readonly #base: CombinerBase;
  readonly #weights: Float64Array;
  readonly #shares: Float32Array;
  readonly #most: number;
  readonly #products: readonly ProductsOfItems[];
  /** Scratch: by place and item of the user. */
  #amounts = new Float64Array(0);

  /**
   * @param shares as `groupShares` returns them
   * @param most candidates of a call
   */
  constructor(base: CombinerBase, weights: Float64Array, shares: Float32Array, most: number) {
    this.#base = base;
    this.#weights = weights;
    this.#shares = shares;
    this.#most = most;
    const kernel = createPoolingKernel();
    this.#products = base.factors.map((factors) => new ProductsOfItems(factors, kernel, most));
  }

  /**
   * @param ranked candidates for `taken`; those beyond the `most` first are left out
   * @param mayCause 1 for each item of the user that may be named
   * @returns one a candidate
   */
  of(
    { items, scanned }: Pick<RankedCandidates, 'items' | 'scanned'>,
    taken: readonly number[],
    mayCause: ArrayLike<number>,
  ): Contribution[] {
    const asked = items.subarray(0, this.#most);
    const [count, size] = [asked.length, taken.length];
    if (count === 0 || size === 0) return [];
    if (this.#amounts.length < count * size) this.#amounts = new Float64Array(count * size);
    const amounts = this.#amounts.fill(0, 0, count * size);
    const totals = new Float64Array(count);
    for (let model = 0; model < scanned.length; model++)
      this.#addFactors(model, scanned[model]!, asked, taken, totals);
    const usual = new Float64Array(size);
    for (let i = 0; i < count; i++) {
      const own = amounts.subarray(i * size, (i + 1) * size);
      totals[i]! += this.#addGroups(asked[i]!, taken, own);
      if (totals[i]! > 0) for (let k = 0; k < size; k++) usual[k]! += own[k]! / (count * totals[i]!);
    }
    return Array.from(totals, (total, i): Contribution => {
      let by = -1;
      let amount = 0;
      for (let k = 0; k < size; k++) {
        if (mayCause[k] !== 1 || !(amounts[i * size + k]! > amount)) continue;
        amount = amounts[i * size + k]!;
        by = k;
      }
      if (by < 0) return NOBODY;
      return {
        by,
        amount,
        share: amount / total,
        isOutstanding: amount >= OUTSTANDING * total * Math.max(1 / size, usual[by]!),
      };
    });
  }

  /** Adds to the amounts and the totals of the candidates what one set of factors counts. */
  #addFactors(
    model: number,
    own: ScannedUser,
    items: Int32Array,
    taken: readonly number[],
    totals: Float64Array,
  ): void {
    const { mean, deviation } = scaleOf(own.scores);
    const standardOf = (score: number): number =>
      Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, deviation === 0 ? 0 : (score - mean) / deviation));
    const ofNothing = standardOf(0);
    const [byScore, byRank] = [this.#weights[2 * model]!, this.#weights[2 * model + 1]!];
    const { values: products, width } = this.#products[model]!.of(items, taken);
    const size = taken.length;
    for (let i = 0; i < items.length; i++) {
      const rank = own.items.indexOf(items[i]!);
      const score = rank < 0 ? own.scoreOf(items[i]!) : own.scores[rank]!;
      const aboveLast = LOG_RANKS[rank < 0 ? DEPTH : rank]! - LOG_RANKS[DEPTH]!;
      const part = byScore * (standardOf(score) - ofNothing) + byRank * aboveLast;
      let sum = 0;
      for (let k = 0; k < size; k++) sum += products[k * width + i]!;
      if (!(part > 0 && sum > 0)) continue;
      const scale = part / sum;
      for (let k = 0; k < size; k++) this.#amounts[i * size + k]! += scale * products[k * width + i]!;
      totals[i]! += part;
    }
  }

  /** @returns the sum of what it adds to the amounts */
  #addGroups(item: number, taken: readonly number[], amounts: Float64Array): number {
    const { factors, groups } = this.#base;
    const { levels, of: groupOf } = groups;
    let total = 0;
    for (let level = 0; level < levels; level++) {
      const group = groupOf[item * levels + level]!;
      const share = this.#shares[item * levels + level]!;
      if (group < 0 || share === 0) continue;
      let inGroup = 0;
      for (let k = 0; k < taken.length; k++) if (groupOf[taken[k]! * levels + level] === group) inGroup++;
      if (inGroup === 0) continue;
      const lift = (inGroup + PRIOR_PAIRS * share) / ((taken.length + PRIOR_PAIRS) * share);
      const part = this.#weights[2 * factors.length + level]! * Math.log(lift);
      if (!(part > 0)) continue;
      for (let k = 0; k < taken.length; k++)
        if (groupOf[taken[k]! * levels + level] === group) amounts[k]! += part / inGroup;
      total += part;
    }
    return total;
  }
}

/** Products of the items of a user with candidates; its scratch holds one user at a time. */
class ProductsOfItems {
  readonly #factors: BehaviourFactors;
  readonly #kernel: PoolingKernel;
  /** Columns of the kernel: one a candidate. */
  readonly #width: number;
  readonly #columns: Float32Array;
  #weights = new Float32Array(0);
  /** 0 to rank − 1 for each item of the user. */
  #dimensions = new Int32Array(0);

  constructor(factors: BehaviourFactors, kernel: PoolingKernel, most: number) {
    this.#factors = factors;
    this.#kernel = kernel;
    this.#width = LANES * Math.ceil(most / LANES);
    this.#columns = new Float32Array(factors.rank * this.#width);
  }

  /** @returns fold · ⟨unit, unit⟩ by item of the user and candidate, in rows as wide as the kernel wants them */
  of(candidates: Int32Array, taken: readonly number[]): Products {
    const { rank, units, fold } = this.#factors;
    const [count, width] = [taken.length, this.#width];
    if (this.#weights.length < count * rank) {
      this.#weights = new Float32Array(count * rank);
      this.#dimensions = Int32Array.from(this.#weights, (_, at) => at % rank);
    }
    // By dimension, so that the kernel adds up the products with all candidates at once. These are few, and the user's items are many:
    // of their factors each is read and written in its order. The columns beyond the candidates are never read.
    const columns = this.#columns;
    for (let i = 0; i < candidates.length; i++)
      for (let k = 0, from = candidates[i]! * rank, to = i; k < rank; k++, from++, to += width)
        columns[to] = units[from]!;
    const weights = this.#weights;
    for (let i = 0, to = 0; i < count; i++) {
      const weight = fold[taken[i]!]!;
      for (let from = taken[i]! * rank, end = from + rank; from < end; from++, to++)
        weights[to] = weight * units[from]!;
    }
    const values = this.#kernel.pool(columns, width, {
      count,
      neighbours: this.#dimensions.subarray(0, count * rank),
      weights: weights.subarray(0, count * rank),
    });
    return { values, width };
  }
}

/** Rows of `width` numbers, one an item of the user. */
interface Products {
  readonly values: Float32Array;
  readonly width: number;
}
