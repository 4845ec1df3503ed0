import { canExplain } from '#contracts/domain/explanation.ts';
import type { Cause, Proposal, ProposedItem } from '#contracts/generated/records.ts';

/** Grows with every change of the meaning, order or number of the features; it is part of the policy's name. */
export const FEATURE_VERSION = 1;

/** Models with features of their own; all the others share one group. */
const GROUPS: readonly string[] = ['medoid-neighbours', 'trending', 'other'];
const PER_GROUP = ['proposed', 'rank', 'score'];

/**
 * The features of a candidate, in order. They do not depend on the slot.
 * - `bias`: 1
 * - for each group of models: `proposed` 0 or 1; `rank` 1/(1 + place in the list), 0 when not in it; `score` the
 *   model's score standardised over the candidates of this user, cut to ±3 (of several other models, the sum)
 * - `medoid.share`: importance of the medoid that led here, as a share of all; 0 to 1, 0 without one
 * - `medoid.recency`: 2^(−age of the medoid's newest action in days); 0 to 1, 0 without one
 * - `popularity`: decayed count scaled by the most popular item; 0 to 1
 */
export const FEATURES: readonly string[] = [
  'bias',
  ...GROUPS.flatMap((group) => PER_GROUP.map((feature) => `${group}.${feature}`)),
  'medoid.share',
  'medoid.recency',
  'popularity',
];
export const DIMENSION = FEATURES.length;

const AFTER_GROUPS = 1 + GROUPS.length * PER_GROUP.length;
const RECENCY_HALF_LIFE_MS = 86_400_000;
const LARGEST_SCORE = 3;
/** What one standard deviation of a model's score is taken to add to the expected reward before any is seen. */
const PRIOR_GAIN = 0.05;

/** Prior mean of the weights: the policy that has learned nothing ranks by the sum of the standardised scores. */
export const PRIOR_MEAN: Float64Array = Float64Array.from(FEATURES, (name) =>
  name.endsWith('.score') ? PRIOR_GAIN : 0,
);

/** An item that at least one model proposed. */
export interface Candidate {
  readonly itemId: string;
  /** In the order of the proposals. */
  readonly models: readonly string[];
  /** Of the first proposal that names one. */
  readonly because: Cause | null;
  /** Of that proposal; of the first one that can explain the item where none names a cause. */
  readonly explanation: string;
}

export interface CandidateFeatures {
  readonly candidates: readonly Candidate[];
  /** candidates × DIMENSION, row-major. */
  readonly features: Float64Array;
}

interface Gathered extends Candidate {
  models: string[];
  because: Cause | null;
  explanation: string;
  popularity: number;
}

/**
 * The union of the proposals with its features.
 * @param excluded item ids that are left out
 * @param now milliseconds since the epoch, for the age of medoids
 */
export function computeFeatures(
  proposals: readonly Proposal[],
  options: { excluded: ReadonlySet<string>; now: number },
): CandidateFeatures {
  const { excluded, now } = options;
  const rows = new Map<string, number>();
  const candidates: Gathered[] = [];
  for (const proposal of proposals) {
    for (const item of proposal.items) {
      if (!excluded.has(item.itemId)) gather(candidates, rows, proposal, item);
    }
  }
  const features = new Float64Array(candidates.length * DIMENSION);
  for (const proposal of proposals) writeModel(features, rows, proposal);
  for (const [row, candidate] of candidates.entries()) {
    const start = row * DIMENSION;
    features[start] = 1;
    features[start + AFTER_GROUPS] = candidate.because?.importance ?? 0;
    features[start + AFTER_GROUPS + 1] = recency(candidate.because, now);
    features[start + AFTER_GROUPS + 2] = candidate.popularity;
  }
  return { candidates, features };
}

function gather(
  candidates: Gathered[],
  rows: Map<string, number>,
  proposal: Proposal,
  item: ProposedItem,
): void {
  const { model } = proposal;
  const explanation = canExplain(proposal.explanation, item.because !== null) ? proposal.explanation : '';
  const row = rows.get(item.itemId);
  const known = row === undefined ? undefined : candidates[row];
  if (known === undefined) {
    rows.set(item.itemId, candidates.length);
    const { itemId, because, popularity } = item;
    candidates.push({ itemId, models: [model], because, explanation, popularity });
    return;
  }
  if (!known.models.includes(model)) known.models.push(model);
  if (known.because === null && (item.because !== null || known.explanation === '')) {
    known.because = item.because;
    known.explanation = explanation;
  }
  known.popularity = Math.max(known.popularity, item.popularity);
}

/** Candidates that the model left out stand with the lowest score it gave: it knows nothing better of them. */
function writeModel(
  features: Float64Array,
  rows: ReadonlyMap<string, number>,
  { model, items }: Proposal,
): void {
  const scores = new Float64Array(rows.size).fill(Number.POSITIVE_INFINITY);
  const column = columnOf(model);
  let lowest = Number.POSITIVE_INFINITY;
  for (const [place, { itemId, score }] of items.entries()) {
    const row = rows.get(itemId);
    if (row === undefined) continue;
    const start = row * DIMENSION + column;
    features[start] = 1;
    features[start + 1] = Math.max(features[start + 1]!, 1 / (1 + place));
    scores[row] = score;
    lowest = Math.min(lowest, score);
  }
  if (lowest === Number.POSITIVE_INFINITY) return;
  for (const [row, score] of scores.entries()) if (score === Number.POSITIVE_INFINITY) scores[row] = lowest;
  standardise(scores);
  for (const [row, score] of scores.entries()) features[row * DIMENSION + column + 2]! += score;
}

function columnOf(model: string): number {
  const known = GROUPS.indexOf(model);
  return 1 + (known === -1 ? GROUPS.length - 1 : known) * PER_GROUP.length;
}

/** To mean 0 and variance 1, cut to ±3; equal values become zeros. */
function standardise(values: Float64Array): void {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const deviation = Math.sqrt(variance);
  for (const [index, value] of values.entries()) {
    const standardised = deviation > 1e-12 * Math.abs(mean) ? (value - mean) / deviation : 0;
    values[index] = Math.max(-LARGEST_SCORE, Math.min(LARGEST_SCORE, standardised));
  }
}

function recency(because: Cause | null, now: number): number {
  if (because === null) return 0;
  return 2 ** (-Math.max(0, now - because.lastOccurredAt) / RECENCY_HALF_LIFE_MS);
}
