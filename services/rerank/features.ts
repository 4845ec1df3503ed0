import { SCALES_OF_A_SCORE } from '#contracts/domain/fixed-order.ts';
import type { Cause } from '#contracts/generated/records.ts';

/**
 * The features of a candidate, each by a name. Statistics, slates and rewards carry the names, so that a feature may be
 * added or removed at any time: a new one begins at its prior, and what was learned of the others stays. A name means
 * one thing for ever: another meaning takes another name. A feature does not depend on the slot.
 */

/** An item that at least one model proposed. */
export interface PooledCandidate {
  readonly itemId: string;
  /** The models that proposed it, in the order of the proposals. */
  readonly models: readonly string[];
  /** The cause of the first proposal that names one. */
  readonly because: Cause | null;
  /** The medoid of the first proposal that names one, where that is not `because`. */
  readonly medoid?: Cause | null;
  /** Of that proposal; of the first one that can explain the item where none names a cause. */
  readonly explanation: string;
  /** The largest popularity that a proposal names, 0 to 1. */
  readonly popularity: number;
}

/** How one model ranks the candidates of a pool: arrays with one number a candidate. */
export interface Ranking {
  /** Place in the model's list, 0 on top; −1 for a candidate that the model did not propose. */
  readonly places: Int32Array;
  /** The model's own score; for a candidate that the model did not propose, the lowest score in its list. */
  readonly scores: Float64Array;
  /** `scores` with mean 0 and variance 1, cut to ±3; zeros where all scores are equal. */
  readonly standardScores: Float64Array;
  /**
   * `scores` with mean 0 and variance 1 over the candidates of the lists that count in full, cut to ±6: candidates that only
   * other lists bring change nothing, and stand 1 below the lowest. The same as `standardScores`, but for the cut, where all lists count in full.
   */
  readonly ownScores: Float64Array;
}

export interface CandidateFeature {
  readonly name: string;
  /** Mean of the weight before any reward. */
  readonly priorMean: number;
  /** @param now milliseconds since the epoch */
  readonly of: (candidate: PooledCandidate, now: number) => number;
  /** Whether the feature depends on `now`: it is computed for each request, the others once for a version of the pool. */
  readonly dependsOnTime?: true;
}

export interface ModelFeature {
  /** The column of a model is named `<model>.<name>`. */
  readonly name: string;
  readonly priorMean: number;
  /** @param row index of the candidate in the arrays of the ranking */
  readonly of: (ranking: Ranking, row: number) => number;
}

/** Stands before the features of the models, and the other features of the candidate after them. */
export const BIAS: CandidateFeature = { name: 'bias', priorMean: 0, of: () => 1 };
const RECENCY_HALF_LIFE_MS = 86_400_000;
/** Gain in expected reward that one standard deviation of a model's score is assumed to bring before any is seen. */
const PRIOR_GAIN = 0.05;

/** The features of the candidate itself. */
export const CANDIDATE_FEATURES: readonly CandidateFeature[] = [
  // Importance of the medoid that led here, as a share of all; 0 to 1, 0 without one.
  {
    name: 'medoid.share',
    priorMean: 0,
    of: ({ because, medoid = because }) => share(medoid?.importance ?? 0),
  },
  // 2^(−age of the medoid's newest action in days); 0 to 1, 0 without one.
  {
    name: 'medoid.recency',
    priorMean: 0,
    of: ({ because, medoid = because }, now) => recency(medoid, now),
    dependsOnTime: true,
  },
  // Decayed count, as a share of the most popular item's; 0 to 1.
  { name: 'popularity', priorMean: 0, of: ({ popularity }) => share(popularity) },
];

/** The features that each model of the pool adds. */
export const MODEL_FEATURES: readonly ModelFeature[] = [
  // 1 for a candidate that the model proposed, else 0.
  { name: 'proposed', priorMean: 0, of: ({ places }, row) => (places[row]! < 0 ? 0 : 1) },
  // 1/(1 + place in the model's list); 0 for a candidate that the model did not propose.
  { name: 'rank', priorMean: 0, of: ({ places }, row) => (places[row]! < 0 ? 0 : 1 / (1 + places[row]!)) },
  // The model's score, standardised over the candidates of this user and cut to ±3.
  { name: 'score', priorMean: PRIOR_GAIN, of: ({ standardScores }, row) => standardScores[row]! },
];

/**
 * Replaces the score of a list that counts in full where others do not. Not the same feature: another scale stands behind the number.
 */
export const OWN_SCORE: ModelFeature = {
  name: 'own-score',
  priorMean: PRIOR_GAIN,
  of: ({ ownScores }, row) => ownScores[row]!,
};

/** Above 0 so that a list that counts less still orders what the others do not tell apart. */
const BESIDE_WEIGHT = 0.05;

/**
 * Replaces the score of a list that counts less. Such is a list that is the same for everybody, where the user has lists of their own: it
 * knows nothing of the user, and as one among equals it hides the lists that do. And such is every other list where the user has one of
 * the combiner, which has learned how much the others are worth. Scaled, so that it also explores as much less.
 */
export const BESIDE_SCORE: ModelFeature = {
  name: 'beside-score',
  priorMean: PRIOR_GAIN,
  of: ({ standardScores }, row) => BESIDE_WEIGHT * standardScores[row]!,
};

/** All words behind the name of a model. */
export const WORDS_OF_MODELS: readonly string[] = [
  ...new Set([...MODEL_FEATURES.map(({ name }) => name), ...SCALES_OF_A_SCORE]),
];

/** The columns of slates, rewards and statistics that carry no names. */
export const COLUMNS_OF_VERSION_1: readonly string[] = [
  'bias',
  ...['medoid-neighbours', 'trending', 'other'].flatMap((group) => [
    `${group}.proposed`,
    `${group}.rank`,
    `${group}.score`,
  ]),
  'medoid.share',
  'medoid.recency',
  'popularity',
];

/**
 * Names that no model has: the group into which version 1 put every further model, whose sums must not pass to a model of that
 * name, and the beginning of the columns of the context.
 */
const RESERVED: readonly string[] = ['other', 'at'];

/** Whether the name is valid for a model: it is a part of the names of its columns. */
export function isModelName(name: string): boolean {
  return /^[a-z][a-z0-9-]{0,63}$/.test(name) && !RESERVED.includes(name);
}

export function isColumnName(name: string): boolean {
  return /^[a-z][a-z0-9.-]{0,95}$/.test(name);
}

const PRIOR_MEANS = new Map([BIAS, ...CANDIDATE_FEATURES].map(({ name, priorMean }) => [name, priorMean]));
const PRIOR_MEANS_OF_MODELS = new Map(
  [...MODEL_FEATURES, OWN_SCORE, BESIDE_SCORE].map(({ name, priorMean }) => [name, priorMean]),
);

/**
 * Prior mean of the weight of a column; 0 for one that is no longer known. It makes the policy that has learned nothing
 * rank by the sum of the standardised scores of all models, those of lists that count less reduced.
 */
export function priorMeanOf(column: string): number {
  const feature = column.slice(column.indexOf('.') + 1);
  return PRIOR_MEANS.get(column) ?? PRIOR_MEANS_OF_MODELS.get(feature) ?? 0;
}

/** Proposals are checked when they arrive; a pool may hold older ones. */
function share(value: number): number {
  return value >= 0 ? Math.min(1, value) : 0;
}

function recency(because: Cause | null, now: number): number {
  if (because === null) return 0;
  return 2 ** (-Math.max(0, now - because.lastOccurredAt) / RECENCY_HALF_LIFE_MS);
}
