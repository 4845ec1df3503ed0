import type { Slate } from '../generated/records.ts';

/** The fields of a slate of which its producer knows nothing: those that stand for “not known”. */
export const UNKNOWN_CHOICE = {
  contextNames: [],
  context: [],
  policyId: '',
  posteriorId: '',
  seed: '',
  draws: 0,
  epsilon: 0,
  propensity: 0,
  candidateCount: 0,
  candidateDigest: '',
  learner: '',
} as const satisfies Partial<Slate>;
