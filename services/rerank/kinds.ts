import { Attached } from '#algorithms/attached.ts';
import { type RowKinds, rowKinds } from '#algorithms/bandit/slate-rules.ts';
import type { Candidates } from './candidates.ts';
import { priorMeanOf } from './features.ts';

/** Slots in which the limit of a kind holds; a longer slate may hold as much more. */
const SLOTS = 10;

export interface KindLimit extends Pick<KindSource, 'kindOf'> {
  /** Most items of one kind in each ten slots, at least 1. */
  readonly most: number;
}

/** Most items of one kind in a slate of this size. @param most in each ten slots */
export function mostOfKind(most: number, size: number): number {
  return most * Math.ceil(size / SLOTS);
}

/** What the catalogue says of items, with a number that grows whenever it says something else. */
export interface KindSource {
  readonly version: number;
  /** The kind of an item, such as the number of its path of categories; undefined for an item that is of no known kind. */
  kindOf(itemId: string): number | undefined;
}

const known = new Attached<Candidates['candidates'], { version: number; kinds: RowKinds }>();

/** The kinds of candidates, found once for a table of candidates and a version of the catalogue. */
export function kindsOfCandidates(
  { candidates }: Pick<Candidates, 'candidates'>,
  source: KindSource,
): RowKinds {
  const held = known.get(candidates);
  if (held?.version === source.version) return held.kinds;
  const kinds = rowKinds(candidates.length, (row) => source.kindOf(candidates[row]!.itemId));
  known.set(candidates, { version: source.version, kinds });
  return kinds;
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
