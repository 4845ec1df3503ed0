import type { Candidates } from './candidates.ts';
import { type KindSource, kindsOfCandidates, mostOfKind } from './kinds.ts';
import type { SlateLimits } from './rules.ts';

export interface LimitOptions {
  /** Most items of one kind in each ten slots; 0 for no limit. */
  readonly ofOneKind: number;
  /** What an item must add to those above, 0 to 1; 0 for no limit. */
  readonly leastNovelty: number;
}

/** The catalogue, as far as limits need it. */
export interface LimitSource extends KindSource {
  /** Categories and attributes of an item as ascending distinct numbers; empty for an item that is not listed. */
  termsOf(itemId: string): ArrayLike<number>;
}

/** How much the items of a slate of this size may be alike. */
export function limitsOf(
  candidates: Pick<Candidates, 'candidates'>,
  size: number,
  { ofOneKind, leastNovelty }: LimitOptions,
  source: LimitSource,
): SlateLimits {
  return {
    ...(ofOneKind > 0 && {
      kinds: kindsOfCandidates(candidates, source),
      mostOfKind: mostOfKind(ofOneKind, size),
    }),
    ...(leastNovelty > 0 && {
      terms: candidates.candidates.map(({ itemId }) => source.termsOf(itemId)),
      leastNovelty,
    }),
  };
}
