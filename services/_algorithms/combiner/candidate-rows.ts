import { FactorScan, type ScannedUser } from '../behaviour/factor-scan.ts';
import type { BehaviourFactors } from '../behaviour/factors.ts';
import { TopK } from '../top-k.ts';
import { groupShares, type ItemGroups, TRAITS } from './traits.ts';

/** What the features of candidates are computed from; items are numbered from 0. */
export interface CombinerBase {
  /** Factors by which candidates are found; each adds a score and a rank to the features. */
  readonly factors: readonly BehaviourFactors[];
  readonly groups: ItemGroups;
  /** itemCount × TRAITS.length. */
  readonly traits: Float32Array;
}

export interface CandidateRows {
  /** Numbers of the candidates. */
  readonly items: Int32Array;
  /** items.length × width, row-major, finite. */
  readonly rows: Float64Array;
}

/** Candidates of each of the factors … */
const DEPTH = 200;
/** … of whose scores the first so many are the scale of all. */
const SCALED_BY = 100;
/** Candidates that are taken most. */
const POPULAR = 100;
/** Pairs of a user who knows nothing: so many stand against the shares of the user's own groups. */
const PRIOR_PAIRS = 10;
/** −log(1 + rank) of each rank, the last one of items beyond. */
const LOG_RANKS = Float64Array.from({ length: DEPTH + 1 }, (_, rank) => -Math.log1p(rank));
/** Largest standardised score: beyond it, a score is a matter of the list's shape. */
const LARGEST = 8;

/** Finds the candidates of a user and computes the features by which they are ordered. The training and the stage use the same code. */
export class CombinerRows {
  /** Features of a candidate. */
  readonly width: number;
  readonly #base: CombinerBase;
  readonly #scans: readonly FactorScan[];
  readonly #shares: Float32Array;
  /** The items of the most takers, the most first. */
  readonly #popular: Int32Array;
  /** Scratch by item and by group, all zeros between calls. */
  readonly #marks: Uint8Array;
  readonly #ranks: Int32Array;
  readonly #counts: Int32Array;

  constructor(base: CombinerBase) {
    this.#base = base;
    this.width = 2 * base.factors.length + base.groups.levels + TRAITS.length;
    this.#scans = base.factors.map((one) => new FactorScan(one));
    const itemCount = base.traits.length / TRAITS.length;
    const top = new TopK(Math.min(POPULAR * 4, itemCount));
    const takers = new Float64Array(itemCount);
    for (let item = 0; item < itemCount; item++) {
      const [all, season] = base.traits.subarray(item * TRAITS.length);
      takers[item] = isTaken(base.traits, item) ? Math.exp(all!) : 0;
      if (takers[item]! > 0) top.offer(item, Math.exp(season!));
    }
    this.#shares = groupShares(takers, base.groups);
    this.#marks = new Uint8Array(itemCount);
    this.#ranks = new Int32Array(itemCount);
    this.#counts = new Int32Array(2 + base.groups.of.reduce((most, one) => Math.max(most, one), -1));
    this.#popular = new Int32Array(top.size);
    top.drainInto(this.#popular, new Float64Array(top.size));
  }

  /**
   * @param taken numbers of the items of the user
   * @param isWithheld 1 for each item that may not be proposed; by default all may. The array must not change afterwards.
   */
  of(taken: readonly number[], isWithheld?: Uint8Array): CandidateRows {
    const { traits } = this.#base;
    const scanned = this.#scans.map((scan) => scan.scan(taken, DEPTH, isWithheld));
    const items = this.#union(taken, scanned, isWithheld);
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

  /** The items of the scans and the popular ones, each once, without those of the user and those that are withheld. */
  #union(taken: readonly number[], scanned: readonly ScannedUser[], isWithheld?: Uint8Array): Int32Array {
    const isMarked = this.#marks;
    const found: number[] = [];
    for (const item of taken) isMarked[item] = 1;
    for (const { items } of scanned) {
      for (const item of items) {
        if (isMarked[item] === 1) continue;
        isMarked[item] = 1;
        found.push(item);
      }
    }
    let popular = 0;
    const isTaken = new Set(taken);
    for (const item of this.#popular) {
      if (popular === POPULAR) break;
      if (isTaken.has(item) || isWithheld?.[item] === 1) continue;
      popular++;
      if (isMarked[item] === 0) found.push(item);
    }
    for (const item of taken) isMarked[item] = 0;
    for (const item of found) isMarked[item] = 0;
    return Int32Array.from(found);
  }

  /** Of one set of factors: the score, standardised by the first ones, and the logarithm of the rank. */
  #writeScores(items: Int32Array, own: ScannedUser, column: number, rows: Float64Array): void {
    const { mean, deviation } = scaleOf(own.scores.subarray(0, SCALED_BY));
    const rankOf = this.#ranks;
    for (let rank = 0; rank < own.items.length; rank++) rankOf[own.items[rank]!] = rank + 1;
    for (let place = 0, at = column; place < items.length; place++, at += this.width) {
      const item = items[place]!;
      const rank = rankOf[item]! - 1;
      const score = rank < 0 ? own.scoreOf(item) : own.scores[rank]!;
      const standard = deviation === 0 ? 0 : (score - mean) / deviation;
      rows[at] = Math.max(-LARGEST, Math.min(LARGEST, standard));
      rows[at + 1] = LOG_RANKS[rank < 0 ? DEPTH : rank]!;
    }
    for (const item of own.items) rankOf[item] = 0;
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
      const share = this.#shares[item * levels + level]!;
      if (share === 0) continue;
      const lift = (counts[group(item)]! + PRIOR_PAIRS * share) / ((taken.length + PRIOR_PAIRS) * share);
      rows[place * this.width + column] = Math.log(lift);
    }
    for (const item of taken) counts[group(item)] = 0;
  }
}

/** An item that nobody took has zeros for traits, and no other item has: its first is the logarithm of 1 taker only beside other traits. */
function isTaken(traits: Float32Array, item: number): boolean {
  return traits.subarray(item * TRAITS.length, (item + 1) * TRAITS.length).some((one) => one !== 0);
}

function scaleOf(scores: Float64Array): { mean: number; deviation: number } {
  if (scores.length === 0) return { mean: 0, deviation: 0 };
  const mean = scores.reduce((sum, one) => sum + one, 0) / scores.length;
  const variance = scores.reduce((sum, one) => sum + (one - mean) ** 2, 0) / scores.length;
  return { mean, deviation: Math.sqrt(variance) };
}
