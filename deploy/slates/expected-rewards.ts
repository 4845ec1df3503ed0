import { posterior } from '#algorithms/bandit/linear.ts';
import { crossFit } from '#algorithms/bandit/ope/cross-fit.ts';
import type { ExpectedRewards } from '#algorithms/bandit/ope/judged-slates.ts';
import type { LawOfSlates } from '#algorithms/bandit/slate-law.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';

/** A logged slate with its candidates, the judged policy's law for it, and what its slots earned. */
export interface ModelledSlate {
  readonly slate: Pick<Slate, 'contextNames' | 'context'>;
  readonly set: Pick<CandidateSet, 'featureNames'>;
  /** Features of the candidates, rows × featureNames. */
  readonly features: Float64Array;
  readonly law: LawOfSlates;
  /** Rows of the items that were shown. */
  readonly order: Int32Array;
  readonly rewards: readonly number[];
}

/** Parts of the users, each predicted by a model of the others. */
const FOLDS = 5;
/** Slates that are drawn for the mean over the judged policy. */
const DRAWS = 64;
/** A prior of weight about 1 for each column, and the variance of a reward of 0 or 1 around its expectation. */
const PRIOR = { precision: 1, meanOf: () => 0 };
const NOISE_VARIANCE = 0.2;

/** Expected reward of a candidate in a slot. */
type Predict = (row: number, slot: number) => number;

/**
 * The rewards that a model expects, which knows the features of the item, the place, and the context: linear regression, fitted on the users of
 * the other folds. It may be wrong: the doubly robust estimates are right with any model that did not see the slate.
 * @param users number of the user of each slate
 * @param slots of each slate; shorter ones are filled up with 0
 */
export function expectedByModel(
  slates: readonly ModelledSlate[],
  users: Int32Array,
  slots: number,
): ExpectedRewards {
  const filled = () => new Float64Array(slates.length * slots);
  const expected = { shown: filled(), slot: filled(), given: filled() };
  crossFit(
    users,
    FOLDS,
    (rows) => fitRewards(Array.from(rows, (row) => slates[row]!)),
    (row, weightOf) => {
      const modelled = slates[row]!;
      const { law, order } = modelled;
      const predict = predictorOf(modelled, weightOf);
      const at = row * slots;
      expected.shown.set(
        Float64Array.from(order, (shown, slot) => predict(shown, slot)),
        at,
      );
      expected.slot.set(meanOfLaw(law, predict, createRandom(`expected ${row}`)), at);
      expected.given.set(meanGiven(modelled, predict), at);
    },
  );
  return expected;
}

function placeColumn(slot: number): string {
  return `at.slot-${slot}`;
}

function fitRewards(slates: readonly ModelledSlate[]): (column: string) => number {
  const statistics = createStatistics();
  for (const { slate, set, features, order, rewards } of slates) {
    const width = set.featureNames.length;
    for (const [slot, row] of order.entries()) {
      const columns = [...set.featureNames, ...slate.contextNames, placeColumn(slot)];
      const own = features.subarray(row * width, (row + 1) * width);
      observe(statistics, columns, Float64Array.of(...own, ...slate.context, 1), rewards[slot]!);
    }
  }
  const { columns, mean } = posterior(statistics, { prior: PRIOR, noiseVariance: NOISE_VARIANCE });
  return (column) => mean[columns.get(column) ?? -1] ?? 0;
}

function predictorOf({ slate, set, features }: ModelledSlate, weightOf: (column: string) => number): Predict {
  const weights = set.featureNames.map(weightOf);
  const width = weights.length;
  const base = slate.contextNames.reduce((sum, name, i) => sum + weightOf(name) * slate.context[i]!, 0);
  const scores = Float64Array.from({ length: features.length / width }, (_, row) =>
    weights.reduce((sum, weight, i) => sum + weight * features[row * width + i]!, base),
  );
  return (row, slot) => scores[row]! + weightOf(placeColumn(slot));
}

/** By slot, the mean over slates of the law. */
function meanOfLaw(law: LawOfSlates, predict: Predict, random: Random): Float64Array {
  const sums = new Float64Array(law.size);
  for (let draw = 0; draw < DRAWS; draw++)
    for (const [slot, row] of law.draw(random).entries()) sums[slot]! += predict(row, slot);
  return sums.map((sum) => sum / DRAWS);
}

/** By slot, the mean over the rows that the law may put there, given the rows that were shown above: exact. */
export function meanGiven(
  { law, order, features, set }: Pick<ModelledSlate, 'law' | 'order' | 'features' | 'set'>,
  predict: Predict,
): Float64Array {
  const rows = features.length / set.featureNames.length;
  return Float64Array.from(order, (_, slot) => {
    const above = order.subarray(0, slot);
    const probability = law.below?.(above) ?? probabilityBelow(law, above);
    const shown = new Set(above);
    let mean = 0;
    for (let row = 0; row < rows; row++) if (!shown.has(row)) mean += probability(row) * predict(row, slot);
    return mean;
  });
}

/** What `below` of a law returns, by its conditionals. */
function probabilityBelow(law: LawOfSlates, above: Int32Array): (row: number) => number {
  const tried = Int32Array.of(...above, 0);
  return (row) => {
    tried[above.length] = row;
    return law.conditionals(tried)[above.length]!;
  };
}
