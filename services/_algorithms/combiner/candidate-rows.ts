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
const DEPTH = 300;
/** … of whose scores the first so many are the scale of all. */
const SCALED_BY = 100;
/** Candidates that are taken most. */
const POPULAR = 100;
/** Pairs of a user who knows nothing: so many stand against the shares of the user's own groups. */
const PRIOR_PAIRS = 10;
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
    this.#popular = new Int32Array(top.size);
    top.drainInto(this.#popular, new Float64Array(top.size));
  }

  /**
   * @param taken numbers of the items of the user
   * @param isWithheld 1 for each item that may not be proposed; by default all may
   */
  of(taken: readonly number[], isWithheld?: Uint8Array): CandidateRows {
    const { traits } = this.#base;
    const isTakenNow = new Set(taken);
    const scanned = this.#scans.map((scan) => scan.scan(taken, DEPTH, isWithheld));
    const found = new Set<number>(scanned.flatMap(({ items }) => [...items]));
    let popular = 0;
    for (const item of this.#popular) {
      if (popular === POPULAR) break;
      if (isTakenNow.has(item) || isWithheld?.[item] === 1) continue;
      popular++;
      found.add(item);
    }
    const items = Int32Array.from(found);
    const rows = new Float64Array(items.length * this.width);
    this.#writeScores(items, scanned, rows);
    this.#writeLifts(items, taken, rows);
    const start = this.width - TRAITS.length;
    items.forEach((item, place) => {
      rows.set(traits.subarray(item * TRAITS.length, (item + 1) * TRAITS.length), place * this.width + start);
    });
    return { items, rows };
  }

  /** By factors: the score, standardised by the first ones, and the logarithm of the rank. */
  #writeScores(items: Int32Array, scanned: readonly ScannedUser[], rows: Float64Array): void {
    for (const [model, own] of scanned.entries()) {
      const { mean, deviation } = scaleOf(own.scores.subarray(0, SCALED_BY));
      const rankOf = new Map(Array.from(own.items, (item, rank) => [item, rank]));
      items.forEach((item, place) => {
        const rank = rankOf.get(item);
        const score = rank === undefined ? own.scoreOf(item) : own.scores[rank]!;
        const standard = deviation === 0 ? 0 : (score - mean) / deviation;
        const at = place * this.width + 2 * model;
        rows[at] = Math.max(-LARGEST, Math.min(LARGEST, standard));
        rows[at + 1] = -Math.log1p(rank ?? DEPTH);
      });
    }
  }

  /** By level: the logarithm of the share of the item's group among the user's items, over its share among all. */
  #writeLifts(items: Int32Array, taken: readonly number[], rows: Float64Array): void {
    const { levels, of: groupOf } = this.#base.groups;
    for (let level = 0; level < levels; level++) {
      const counts = new Map<number, number>();
      for (const item of taken) {
        const group = groupOf[item * levels + level]!;
        counts.set(group, (counts.get(group) ?? 0) + 1);
      }
      items.forEach((item, place) => {
        const share = this.#shares[item * levels + level]!;
        if (share === 0) return;
        const own = counts.get(groupOf[item * levels + level]!) ?? 0;
        const lift = (own + PRIOR_PAIRS * share) / ((taken.length + PRIOR_PAIRS) * share);
        rows[place * this.width + 2 * this.#base.factors.length + level] = Math.log(lift);
      });
    }
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
