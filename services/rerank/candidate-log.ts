import { hashString } from '#algorithms/random.ts';
import { encodeFeatures, FEATURE_BYTES, loggableFeatures } from '#contracts/domain/candidate-sets.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';
import type { Candidates } from './candidates.ts';
import type { SlateLimits } from './rules.ts';

/** Whether the candidates of a slate are logged: by its id alone, so that the sample depends on nothing that was shown. @param share 0 to 1 */
export function isSampled(slateId: string, share: number): boolean {
  return hashString(`candidates/${slateId}`) < share * 2 ** 32;
}

/** The candidates with features that the log can hold to the bit; a slate that is sampled is chosen by them. */
export function loggableCandidates<C extends Candidates>(given: C): C {
  const { columns, values } = given.features;
  return { ...given, features: { columns, values: loggableFeatures(values) } };
}

/**
 * The record of all candidates of a slate, those that pins added and the column of boosts included.
 * @param given loggable candidates
 * @param size number of slots that were asked for
 * @param rewardOffsets by partition, the last offset in the posterior; −1 for none
 */
export function candidateSetOf(
  { slateId, userId, servedAt }: Slate,
  { candidates, features }: Candidates,
  size: number,
  rewardOffsets: readonly number[],
  { kinds, terms }: SlateLimits = {},
): CandidateSet {
  return {
    slateId,
    userId,
    servedAt,
    size,
    itemIds: candidates.map(({ itemId }) => itemId),
    featureNames: features.columns,
    features: encodeFeatures(features.values),
    featureBytes: FEATURE_BYTES,
    rewardOffsets,
    kinds: kinds === undefined ? [] : Array.from(kinds.ofRow),
    terms: terms === undefined ? [] : terms.map((row) => Array.from(row)),
  };
}
