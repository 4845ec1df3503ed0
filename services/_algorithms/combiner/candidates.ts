import { FactorScan, firstOf, type ScannedUser } from '../behaviour/factor-scan.ts';
import type { BehaviourFactors } from '../behaviour/factors.ts';
import { pausesAt, runSteps, type Steps } from '../steps.ts';
import { TopK } from '../top-k.ts';
import { groupShares, type ItemGroups, isTaken, TRAITS } from './traits.ts';

/** What the features of candidates are computed from; items are numbered from 0. */
export interface CombinerBase {
  /** Factors by which candidates are found; each adds a score and a rank to the features. */
  readonly factors: readonly BehaviourFactors[];
  readonly groups: ItemGroups;
  /** itemCount × TRAITS.length. */
  readonly traits: Float32Array;
}

/** Candidates of a user, each once. */
export interface FoundCandidates {
  /** Numbers of the candidates. */
  readonly items: Int32Array;
  /** By the factors of the base. */
  readonly scanned: readonly ScannedUser[];
}

/** Candidates of each of the factors. */
export const DEPTH = 200;
/** Of the scores of each list the first so many are the scale of all. */
const SCALED_BY = 100;
/** Candidates that are taken most. */
const POPULAR = 100;
/** Pairs of a user who knows nothing: so many stand against the shares of the user's own groups. */
export const PRIOR_PAIRS = 10;
/** −log(1 + rank) of each rank, the last one of items beyond. */
export const LOG_RANKS = Float64Array.from({ length: DEPTH + 1 }, (_, rank) => -Math.log1p(rank));
/** Largest standardised score: beyond it, a score is a matter of the list's shape. */
export const LARGEST_SCORE = 8;

/** Finds the candidates of users: the best of each of the factors, and the popular items. */
export class CombinerCandidates {
  readonly itemCount: number;
  /** Most candidates of a user. */
  readonly most: number;
  /** itemCount × levels, as `groupShares` returns them. */
  readonly shares: Float32Array;
  /** One for each set of factors. */
  readonly scans: readonly FactorScan[];
  /** The items of the most takers of the season, the most first. */
  #popular: Int32Array;
  /** Scratch by item, all zeros between calls. */
  readonly #marks: Uint8Array;

  /** @param first scan of the first factors, if there is one already */
  constructor(base: CombinerBase, first?: FactorScan) {
    this.scans = base.factors.map((one, place) => (place === 0 && first) || new FactorScan(one));
    this.itemCount = base.traits.length / TRAITS.length;
    this.most = base.factors.length * DEPTH + POPULAR;
    const takers = new Float64Array(this.itemCount);
    for (let item = 0; item < this.itemCount; item++)
      takers[item] = isTaken(base.traits, item) ? Math.exp(base.traits[item * TRAITS.length]!) : 0;
    this.shares = groupShares(takers, base.groups);
    this.#marks = new Uint8Array(this.itemCount);
    this.#popular = runSteps(this.popularBy(base.traits));
  }

  /** The popular items by the traits of another time, for `renew`. */
  *popularBy(traits: Float32Array): Steps<Int32Array> {
    const top = new TopK(Math.min(POPULAR * 4, this.itemCount));
    for (let item = 0; item < this.itemCount; item++) {
      if (pausesAt(item)) yield;
      if (isTaken(traits, item)) top.offer(item, traits[item * TRAITS.length + 1]!);
    }
    const popular = new Int32Array(top.size);
    top.drainInto(popular, new Float64Array(top.size));
    return popular;
  }

  /** @param popular as `popularBy` returns them */
  renew(popular: Int32Array): void {
    this.#popular = popular;
  }

  /**
   * @param taken numbers of the items of the user, which are left out
   * @param isWithheld 1 for each item that may not be proposed; by default all may. The array must not change afterwards.
   * @param first the best items by the first factors, if they are known: at least DEPTH
   */
  of(taken: readonly number[], isWithheld?: Uint8Array, first?: ScannedUser): FoundCandidates {
    const scanned = this.scans.map((scan, place) =>
      place === 0 && first !== undefined ? firstOf(first, DEPTH) : scan.scan(taken, DEPTH, isWithheld),
    );
    return { items: this.#union(taken, scanned, isWithheld), scanned };
  }

  /** Whether the item is among the hundred of the most takers of the season, and the first hundredth of all items. */
  isPopular(item: number): boolean {
    const most = Math.min(POPULAR, Math.ceil(this.itemCount / 100));
    return this.#popular.subarray(0, most).includes(item);
  }

  #union(taken: readonly number[], scanned: readonly ScannedUser[], isWithheld?: Uint8Array): Int32Array {
    const marks = this.#marks;
    const found = new Int32Array(this.most);
    let count = 0;
    for (const item of taken) marks[item] = OWN;
    for (const { items } of scanned) {
      for (let rank = 0; rank < items.length; rank++) {
        const item = items[rank]!;
        if (marks[item] !== 0) continue;
        marks[item] = FOUND;
        found[count++] = item;
      }
    }
    let popular = 0;
    for (let rank = 0; rank < this.#popular.length && popular < POPULAR; rank++) {
      const item = this.#popular[rank]!;
      if (marks[item] === OWN || isWithheld?.[item] === 1) continue;
      popular++;
      if (marks[item] === 0) found[count++] = item;
    }
    for (const item of taken) marks[item] = 0;
    for (let place = 0; place < count; place++) marks[found[place]!] = 0;
    return found.subarray(0, count);
  }
}

/** Marks of an item of the user, and of a candidate. */
const [OWN, FOUND] = [1, 2];

/** Mean and standard deviation of the best scores of a list; zeros for none. */
export function scaleOf(scores: Float64Array): { mean: number; deviation: number } {
  const count = Math.min(SCALED_BY, scores.length);
  if (count === 0) return { mean: 0, deviation: 0 };
  let sum = 0;
  for (let rank = 0; rank < count; rank++) sum += scores[rank]!;
  const mean = sum / count;
  let squares = 0;
  for (let rank = 0; rank < count; rank++) squares += (scores[rank]! - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / count) };
}
