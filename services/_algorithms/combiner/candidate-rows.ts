import type { ScannedUser } from '../behaviour/factor-scan.ts';
import { runSteps } from '../steps.ts';
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

export interface CandidateRows {
  /** Numbers of the candidates. */
  readonly items: Int32Array;
  /** items.length × width, row-major, finite. */
  readonly rows: Float64Array;
}

/** Finds the candidates of a user and computes the features from which their order is learned. `CombinerRanking` orders by the same features. */
export class CombinerRows {
  /** Features of a candidate. */
  readonly width: number;
  readonly #base: CombinerBase;
  readonly #candidates: CombinerCandidates;
  #traits: Float32Array;
  /** Scratch by group, all zeros between calls. */
  readonly #counts: Int32Array;

  constructor(base: CombinerBase) {
    this.#base = base;
    this.#traits = base.traits;
    this.width = 2 * base.factors.length + base.groups.levels + TRAITS.length;
    this.#candidates = new CombinerCandidates(base);
    this.#counts = new Int32Array(2 + base.groups.of.reduce((most, one) => Math.max(most, one), -1));
  }

  get itemCount(): number {
    return this.#candidates.itemCount;
  }

  /** Takes the traits of another time. */
  refresh(traits: Float32Array): void {
    this.#traits = traits;
    this.#candidates.renew(runSteps(this.#candidates.popularBy(traits)));
  }

  /**
   * @param taken numbers of the items of the user
   * @param isWithheld 1 for each item that may not be proposed; by default all may. The array must not change afterwards.
   */
  of(taken: readonly number[], isWithheld?: Uint8Array): CandidateRows {
    const traits = this.#traits;
    const { items, scanned } = this.#candidates.of(taken, isWithheld);
    const rows = new Float64Array(items.length * this.width);
    for (const [model, own] of scanned.entries()) this.#writeScores(items, own, 2 * model, rows);
    for (let level = 0; level < this.#base.groups.levels; level++)
      this.#writeLifts(items, taken, level, rows);
    const start = this.width - TRAITS.length;
    for (let place = 0; place < items.length; place++) {
      const from = items[place]! * TRAITS.length;
      const to = place * this.width + start;
      for (let i = 0; i < TRAITS.length; i++) rows[to + i] = traits[from + i]!;
    }
    return { items, rows };
  }

  /** Of one set of factors: the score, standardised by the first ones, and the logarithm of the rank. */
  #writeScores(items: Int32Array, own: ScannedUser, column: number, rows: Float64Array): void {
    const { mean, deviation } = scaleOf(own.scores);
    const { ranks, scores } = own.ranksAndScores(items);
    for (let place = 0, at = column; place < items.length; place++, at += this.width) {
      const rank = ranks[place]!;
      const standard = deviation === 0 ? 0 : (scores[place]! - mean) / deviation;
      rows[at] = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, standard));
      rows[at + 1] = LOG_RANKS[rank < 0 ? DEPTH : rank]!;
    }
  }

  /** Of one level: the logarithm of the share of the item's group among the user's items, over its share among all. */
  #writeLifts(items: Int32Array, taken: readonly number[], level: number, rows: Float64Array): void {
    const { levels, of: groupOf } = this.#base.groups;
    const counts = this.#counts;
    const group = (item: number) => groupOf[item * levels + level]! + 1;
    for (const item of taken) counts[group(item)]! += 1;
    const column = 2 * this.#base.factors.length + level;
    for (let place = 0; place < items.length; place++) {
      const item = items[place]!;
      const share = this.#candidates.shares[item * levels + level]!;
      if (share === 0) continue;
      const lift = (counts[group(item)]! + PRIOR_PAIRS * share) / ((taken.length + PRIOR_PAIRS) * share);
      rows[place * this.width + column] = Math.log(lift);
    }
    for (const item of taken) counts[group(item)] = 0;
  }
}
