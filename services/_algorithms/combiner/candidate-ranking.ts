import type { FactorScan, ScannedUser } from '../behaviour/factor-scan.ts';
import { pausesAt, runSteps, type Steps } from '../steps.ts';
import { TopK } from '../top-k.ts';
import {
  type CombinerBase,
  CombinerCandidates,
  DEPTH,
  LARGEST_SCORE,
  LOG_RANKS,
  PRIOR_PAIRS,
  scaleOf,
} from './candidates.ts';
import { TRAITS } from './traits.ts';

/** Candidates in the order of their scores. */
export interface RankedCandidates {
  /** Numbers of the items, the best first. */
  readonly items: Int32Array;
  readonly scores: Float64Array;
  /** What each set of factors found. */
  readonly scanned: readonly ScannedUser[];
}

/** What follows from the traits of one time for every user alike. */
export interface TraitScores {
  /** Numbers of the items of the most takers of the season, the most first. */
  readonly popular: Int32Array;
  /** By item: the part of its score that is the same for every user. */
  readonly constants: Float64Array;
}

/**
 * Orders the candidates of a user by the learned weights: the scores are those of the rows of `CombinerRows` times the weights, up to the
 * rounding of sums in another order. What is the same for all users, or for all candidates of a group, is computed once, so that no row is written.
 */
export class CombinerRanking {
  readonly #candidates: CombinerCandidates;
  readonly #levels: number;
  readonly #weights: Float64Array;
  /** By item: what is added to its score for every user; and the same with what its traits count. */
  readonly #added: Float64Array;
  #constants: Float64Array;
  /** By item: the weights of the levels on which its group has a share. */
  readonly #levelWeights: Float64Array;
  /** itemCount × levels: position of the item's group in the arrays by group, in which the groups of a level are apart. */
  readonly #groupOf: Int32Array;
  /** By group. */
  readonly #shares: Float64Array;
  readonly #groupWeights: Float64Array;
  /** Scratch by group, all zeros between calls: the items of the user, and what they add to a score. */
  readonly #counts: Int32Array;
  readonly #gains: Float64Array;
  /** Scratch by candidate. */
  readonly #scores: Float64Array;
  #top = new TopK(0);

  /**
   * @param weights one for each feature, in the order of the rows
   * @param known what is added to the score of each item, by item, zeros by default; the scan of the first factors, if there is one already
   */
  constructor(
    base: CombinerBase,
    weights: Float64Array,
    { added, scan }: { readonly added?: Float64Array; readonly scan?: FactorScan } = {},
  ) {
    const { levels, of: groupOf } = base.groups;
    const candidates = new CombinerCandidates(base, scan);
    const { itemCount, shares } = candidates;
    this.#candidates = candidates;
    this.#levels = levels;
    this.#weights = weights;
    this.#added = added ?? new Float64Array(itemCount);
    this.#constants = runSteps(this.#weigh(base.traits));
    // Of one level, with a place for the items without a group.
    const groups = 2 + groupOf.reduce((most, one) => Math.max(most, one), -1);
    this.#shares = new Float64Array(groups * levels);
    this.#groupWeights = new Float64Array(groups * levels);
    this.#counts = new Int32Array(groups * levels);
    this.#gains = new Float64Array(groups * levels);
    this.#groupOf = new Int32Array(itemCount * levels);
    this.#levelWeights = new Float64Array(itemCount);
    for (let item = 0; item < itemCount; item++) {
      for (let level = 0; level < levels; level++) {
        const at = item * levels + level;
        const group = level * groups + groupOf[at]! + 1;
        this.#groupOf[at] = group;
        this.#shares[group] = shares[at]!;
        this.#groupWeights[group] = weights[2 * base.factors.length + level]!;
        if (shares[at]! > 0) this.#levelWeights[item]! += this.#groupWeights[group]!;
      }
    }
    this.#scores = new Float64Array(candidates.most);
  }

  /** What follows from the traits of another time, for `renew`. */
  *traitScoresBy(traits: Float32Array): Steps<TraitScores> {
    const popular = yield* this.#candidates.popularBy(traits);
    return { popular, constants: yield* this.#weigh(traits) };
  }

  /** Ranks by the traits of another time from now on. @param scores as `traitScoresBy` returns it */
  renew({ popular, constants }: TraitScores): void {
    this.#candidates.renew(popular);
    this.#constants = constants;
  }

  *#weigh(traits: Float32Array): Steps<Float64Array> {
    const ofTraits = this.#weights.subarray(this.#weights.length - TRAITS.length);
    const constants = this.#added.slice();
    for (let item = 0; item < constants.length; item++) {
      if (pausesAt(item)) yield;
      for (let i = 0; i < TRAITS.length; i++)
        constants[item]! += ofTraits[i]! * traits[item * TRAITS.length + i]!;
    }
    return constants;
  }

  /**
   * @param taken numbers of the items of the user, which are left out
   * @param size most candidates
   * @param isWithheld 1 for each item that may not be proposed; by default all may. The array must not change afterwards.
   * @param first the best items by the first factors, if they are known: at least DEPTH
   */
  rank(
    taken: readonly number[],
    size: number,
    isWithheld?: Uint8Array,
    first?: ScannedUser,
  ): RankedCandidates {
    const { items, scanned } = this.#candidates.of(taken, isWithheld, first);
    const scores = this.#scores;
    // The lift of a group of which the user has nothing.
    const usual = Math.log(PRIOR_PAIRS / (taken.length + PRIOR_PAIRS));
    this.#writeGains(taken, usual);
    for (let place = 0; place < items.length; place++) {
      const item = items[place]!;
      let score = this.#constants[item]! + usual * this.#levelWeights[item]!;
      for (let level = 0, at = item * this.#levels; level < this.#levels; level++, at++)
        score += this.#gains[this.#groupOf[at]!]!;
      scores[place] = score;
    }
    this.#clearGains(taken);
    for (let model = 0; model < scanned.length; model++) this.#addScores(items, scanned[model]!, model);
    if (this.#top.capacity !== size) this.#top = new TopK(size);
    const top = this.#top;
    for (let place = 0; place < items.length; place++)
      if (scores[place]! >= top.bar) top.offer(place, scores[place]!);
    const ranked = { items: new Int32Array(top.size), scores: new Float64Array(top.size), scanned };
    top.drainInto(ranked.items, ranked.scores);
    for (let rank = 0; rank < ranked.items.length; rank++) ranked.items[rank] = items[ranked.items[rank]!]!;
    return ranked;
  }

  /** As `CombinerCandidates` says. */
  isPopular(item: number): boolean {
    return this.#candidates.isPopular(item);
  }

  /** itemCount × levels: the share of the item's group in all pairs of user and item. */
  get shares(): Float32Array {
    return this.#candidates.shares;
  }

  /** One for each set of factors. */
  get scans(): readonly FactorScan[] {
    return this.#candidates.scans;
  }

  /** Of each group of the user's items: what its lift adds to a score, beside the usual one. */
  #writeGains(taken: readonly number[], usual: number): void {
    const levels = this.#levels;
    const total = taken.length + PRIOR_PAIRS;
    for (const item of taken)
      for (let at = item * levels; at < (item + 1) * levels; at++) this.#counts[this.#groupOf[at]!]! += 1;
    for (const item of taken) {
      for (let at = item * levels; at < (item + 1) * levels; at++) {
        const group = this.#groupOf[at]!;
        const share = this.#shares[group]!;
        const count = this.#counts[group]!;
        if (share === 0 || count === 0) continue;
        // The next item of the group finds the lift written.
        this.#counts[group] = 0;
        const lift = Math.log((count + PRIOR_PAIRS * share) / (total * share));
        this.#gains[group] = this.#groupWeights[group]! * (lift - usual);
      }
    }
  }

  #clearGains(taken: readonly number[]): void {
    const levels = this.#levels;
    for (const item of taken) {
      for (let at = item * levels; at < (item + 1) * levels; at++) {
        this.#gains[this.#groupOf[at]!] = 0;
        this.#counts[this.#groupOf[at]!] = 0;
      }
    }
  }

  /** Adds what score and rank by one set of factors count. */
  #addScores(items: Int32Array, own: ScannedUser, model: number): void {
    const { mean, deviation } = scaleOf(own.scores);
    const byScore = this.#weights[2 * model]!;
    const byRank = this.#weights[2 * model + 1]!;
    const { ranks, scores: ownScores } = own.ranksAndScores(items);
    const scores = this.#scores;
    for (let place = 0; place < items.length; place++) {
      const rank = ranks[place]!;
      const standard = deviation === 0 ? 0 : (ownScores[place]! - mean) / deviation;
      const kept = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, standard));
      scores[place]! += byScore * kept + byRank * LOG_RANKS[rank < 0 ? DEPTH : rank]!;
    }
  }
}
