import { bestRows, type FeatureTable, scoreRows } from '#algorithms/bandit/choice.ts';
import type { Candidates } from '../../../services/rerank/candidates.ts';
import { MODEL_FEATURES } from '../../../services/rerank/features.ts';
import type { Household } from './households.ts';
import { expectedClicks, type LookModel } from './looking.ts';

/** Weight of each model's standardised score. */
export type Blend = ReadonlyMap<string, number>;

/** Weights that a blend is searched among, for each model. */
const WEIGHTS = [0, 0.25, 0.5, 1];

/** Column of a model's standardised score, whichever scale the table has it in. */
function scoreColumn(columns: readonly string[], model: string): string | undefined {
  return columns.find((name) => name.startsWith(`${model}.`) && name.endsWith('score'));
}

export function modelsOf({ columns }: FeatureTable): string[] {
  const [{ name: feature }] = [MODEL_FEATURES[0]!];
  return columns
    .filter((name) => name.endsWith(`.${feature}`))
    .map((name) => name.slice(0, -feature.length - 1));
}

/** The best items by the blend. */
export function orderBy({ candidates, features }: Candidates, blend: Blend, size: number): string[] {
  const weights = new Float64Array(features.columns.length);
  for (const [model, weight] of blend) {
    const column = scoreColumn(features.columns, model);
    if (column === undefined) continue;
    // A list for everybody is scaled down in its column.
    weights[features.columns.indexOf(column)] = weight / (column.endsWith('beside-score') ? 0.05 : 1);
  }
  return Array.from(bestRows(scoreRows(features, weights), size), (row) => candidates[row]!.itemId);
}

export interface Clicking {
  readonly look: LookModel;
  /** Probability that a user clicks on an item that is relevant, and on another one, after a look at it. */
  readonly relevant: number;
  readonly noise: number;
}

/** Probability of a click on each item, after a look at it. */
export function relevanceOf(
  { bought }: Household,
  itemIds: readonly string[],
  { relevant, noise }: Clicking,
): number[] {
  return itemIds.map((itemId) => (bought.has(itemId) ? relevant : noise));
}

/** Expected clicks a slate, the mean over the households. */
export function valueOfBlend(
  households: readonly Household[],
  blend: Blend,
  size: number,
  clicking: Clicking,
): number {
  const values = households.map((household) =>
    expectedClicks(
      relevanceOf(household, orderBy(household.candidates, blend, size), clicking),
      clicking.look,
    ),
  );
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/**
 * The best blend in hindsight: coordinate by coordinate among the weights, by the expected clicks of the very households that are served, so
 * that no blend that was chosen beforehand is better but by the grid.
 */
export function bestBlend(value: (blend: Blend) => number, models: readonly string[]): Blend {
  let best: Map<string, number> = new Map(models.map((model) => [model, 1]));
  let bestValue = value(best);
  for (let isBetter = true; isBetter; ) {
    isBetter = false;
    for (const model of models) {
      for (const weight of WEIGHTS) {
        const tried = new Map(best).set(model, weight);
        const own = value(tried);
        if (own <= bestValue + 1e-9) continue;
        [best, bestValue, isBetter] = [tried, own, true];
      }
    }
  }
  return best;
}
