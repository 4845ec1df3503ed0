import type { ScannedUser } from '../behaviour/factor-scan.ts';
import type { CombinerRanking, RankedCandidates } from './candidate-ranking.ts';
import { type CombinerBase, DEPTH, LARGEST_SCORE, LOG_RANKS, PRIOR_PAIRS, scaleOf } from './candidates.ts';
import type { ItemGroups } from './traits.ts';

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

/**
 * The contributions of the items of a user to the scores of candidates.
 *
 * What a set of factors adds to a score, above that of an item of which they know nothing, is divided as the items of the user
 * divide the sum of the factors, which is exact because that sum is linear in them; the rank goes with the score. What a group of items
 * adds is divided equally among the user's items of the group. Traits of the candidate are nobody's contribution.
 */
export class Contributions {
  readonly #groups: ItemGroups;
  readonly #weights: Float64Array;
  readonly #ranking: Pick<CombinerRanking, 'shares' | 'scans'>;
  readonly #most: number;
  /** Scratch: by place and item of the user. */
  #amounts = new Float64Array(0);

  /**
   * @param ranking of the same base
   * @param most candidates of a call, at most MOST_PLACES of the product kernel
   */
  constructor(
    { groups }: Pick<CombinerBase, 'groups'>,
    weights: Float64Array,
    ranking: Pick<CombinerRanking, 'shares' | 'scans'>,
    most: number,
  ) {
    this.#groups = groups;
    this.#weights = weights;
    this.#ranking = ranking;
    this.#most = most;
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
    const scan = this.#ranking.scans[model]!;
    const { fold } = scan;
    const { values: products, width } = scan.products(items, taken);
    const { ranks, scores } = own.ranksAndScores(items);
    const size = taken.length;
    for (let k = 0; k < size; k++)
      for (let at = k * width; at < (k + 1) * width; at++) products[at]! *= fold[taken[k]!]!;
    for (let i = 0; i < items.length; i++) {
      const rank = ranks[i]!;
      const aboveLast = LOG_RANKS[rank < 0 ? DEPTH : rank]! - LOG_RANKS[DEPTH]!;
      const part = byScore * (standardOf(scores[i]!) - ofNothing) + byRank * aboveLast;
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
    const { levels, of: groupOf } = this.#groups;
    let total = 0;
    for (let level = 0; level < levels; level++) {
      const group = groupOf[item * levels + level]!;
      const share = this.#ranking.shares[item * levels + level]!;
      if (group < 0 || share === 0) continue;
      let inGroup = 0;
      for (let k = 0; k < taken.length; k++) if (groupOf[taken[k]! * levels + level] === group) inGroup++;
      if (inGroup === 0) continue;
      const lift = (inGroup + PRIOR_PAIRS * share) / ((taken.length + PRIOR_PAIRS) * share);
      const part = this.#weights[2 * this.#ranking.scans.length + level]! * Math.log(lift);
      if (!(part > 0)) continue;
      for (let k = 0; k < taken.length; k++)
        if (groupOf[taken[k]! * levels + level] === group) amounts[k]! += part / inGroup;
      total += part;
    }
    return total;
  }
}
