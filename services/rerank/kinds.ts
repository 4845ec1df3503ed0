import type { Candidates } from './candidates.ts';
import { priorMeanOf } from './features.ts';
import { rowsOfCandidates } from './narrow-candidates.ts';

/** Slots in which the limit of a kind holds; a longer slate may hold as much more. */
const SLOTS = 10;

export interface KindLimit {
  /** The kind of an item, such as the number of its path of categories; undefined for an item that is of no known kind. */
  readonly kindOf: (itemId: string) => number | undefined;
  /** Most items of one kind in each ten slots, at least 1. */
  readonly most: number;
}

/**
 * Leaves of each kind the candidates of the highest score before any reward, as many as a slate of this size may show, ties in the order
 * of the rows. The rule stands before the policy, so that propensities are exact without knowing of it. Where too few candidates are
 * left to fill the slate, the best of the others stay too.
 */
export function limitKinds(candidates: Candidates, size: number, { kindOf, most }: KindLimit): Candidates {
  const scores = priorScores(candidates);
  const best = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
  const limit = most * Math.ceil(size / SLOTS);
  const counts = new Map<number, number>();
  const kept: number[] = [];
  const surplus: number[] = [];
  for (const row of best) {
    const kind = kindOf(candidates.candidates[row]!.itemId);
    const count = kind === undefined ? 0 : (counts.get(kind) ?? 0);
    if (kind !== undefined) counts.set(kind, count + 1);
    (count < limit ? kept : surplus).push(row);
  }
  if (surplus.length === 0) return candidates;
  const missing = Math.max(0, size - kept.length);
  return rowsOfCandidates(
    candidates,
    [...kept, ...surplus.slice(0, missing)].sort((a, b) => a - b),
  );
}

/** The score of each candidate by the means of the prior. */
export function priorScores({ candidates, features: { columns, values } }: Candidates): Float64Array {
  const means = columns.map(priorMeanOf);
  return Float64Array.from(candidates, (_, row) => {
    let score = 0;
    for (let i = 0, at = row * means.length; i < means.length; i++, at++) score += means[i]! * values[at]!;
    return score;
  });
}
