import { bestRows } from '../bandit/choice.ts';

/** The candidates of a user with their scores. */
export interface ScoredCandidates {
  /** Numbers of the items. */
  readonly items: Int32Array;
  readonly scores: Float64Array;
}

export interface LiftOptions {
  /** First places of a list in which an item should stand for at least one user. */
  readonly slots: number;
  /** By so much the lift of an item grows in each round, above 0. */
  readonly step: number;
  /** Largest lift. */
  readonly most: number;
}

/**
 * What has to be added to the score of each item so that it stands among the first of at least one user. In each round the items that
 * no list shows rise by one step, as the bids of an auction do, so that an item is shown to the user whom it suits best and displaces
 * little. Items that the lists show anyway have 0.
 *
 * O(rounds · candidates of all users).
 * @returns lifts by item, 0 to `most`
 */
export function liftsOf(
  users: readonly ScoredCandidates[],
  itemCount: number,
  { slots, step, most }: LiftOptions,
): Float32Array {
  const rounds = Math.round(most / step);
  const raised = new Int32Array(itemCount);
  for (let round = 0; round < rounds; round++) {
    const isShown = new Uint8Array(itemCount);
    for (const { items, scores } of users) {
      const lifted = scores.map((score, place) => score + step * raised[items[place]!]!);
      for (const place of bestRows(lifted, slots)) isShown[items[place]!] = 1;
    }
    for (let item = 0; item < itemCount; item++) if (isShown[item] === 0) raised[item]! += 1;
  }
  return Float32Array.from(raised, (steps) => Math.min(most, step * steps));
}

/** Adds the lift of each candidate to its score, at most `most`. @param lifts by item */
export function addLifts({ items, scores }: ScoredCandidates, lifts: Float32Array, most: number): void {
  for (let place = 0; place < scores.length; place++) scores[place]! += Math.min(most, lifts[items[place]!]!);
}
