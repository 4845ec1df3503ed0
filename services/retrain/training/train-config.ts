import type { Pooling } from '#algorithms/pinsage/pooling.ts';
import type { NeighbourhoodOptions } from '#algorithms/pinsage/walks.ts';
import type { PinSageShape } from '#algorithms/pinsage/weights.ts';
import type { Loss } from './loss.ts';

/** Configuration of a PinSage training. Defaults suit about ten thousand items on a busy core. */
export interface TrainConfig {
  readonly dim: number;
  readonly hidden: number;
  readonly layers: number;
  readonly pooling: Pooling;
  /** T, important neighbours per item. */
  readonly neighbours: number;
  readonly walkSteps: number;
  /** In (0, 1]. */
  readonly walkRestart: number;
  readonly maximumDegree: number;
  /** Power of an item's degree by which walks are damped; 0 is the paper's value. */
  readonly hubDamping: number;
  /** Days in which an action loses half its weight in the graph; 0 for never. */
  readonly halfLifeDays: number;

  /** Whether the head sees the items' places directly, beside the output of the convolutions (decision 0021). */
  readonly directPlaces: boolean;
  /** Probability, in [0, 1), that an item's place in the graph is hidden from a step, as that of a new item is. */
  readonly hiddenPlaces: number;

  /** Queries per step. */
  readonly batch: number;
  /** Negatives shared by a batch. */
  readonly negatives: number;
  /** Negatives are drawn ∝ (popularity + 1)^power; 0 is the paper's uniform draw. */
  readonly negativePower: number;
  /**
   * Curriculum: epoch n has n − 1 hard negatives per query. Otherwise there are none. Where too few queries reach enough of them, a
   * training goes without them and reports it; a strict one fails.
   */
  readonly hardNegatives: boolean | 'strict';
  /** Ranks of hard negatives, as shares of the catalogue. */
  readonly hardFromShare: number;
  readonly hardToShare: number;
  readonly loss: Loss;
  /** Δ of the max-margin loss. */
  readonly margin: number;
  /** τ > 0 of the cross-entropy: scores are divided by it. */
  readonly temperature: number;

  /** Longest time between two contexts of a user whose items still form pairs, in days. */
  readonly pairsWithinDays: number;
  readonly pairsPerAction: number;
  /** Share of the newest actions that is held out for measurement, in [0, 1). */
  readonly heldOutShare: number;
  /** Maximum number of held-out pairs that are measured. */
  readonly heldOutPairs: number;

  /** Learning rate after the warm-up of the first epoch. */
  readonly learningRate: number;
  /** Factor on the learning rate of a warm start. */
  readonly warmRateFactor: number;
  /** Factor on the learning rate from one epoch to the next. */
  readonly learningRateDecay: number;
  readonly epochs: number;
  readonly examplesPerEpoch: number;
  /** Epochs without an improvement of the held-out figure after which training stops. */
  readonly patience: number;
  /** Optimisation stops after this time; walks and inference are added to it. */
  readonly secondsBudget: number;
  readonly seed: number;
}

export const DEFAULT_TRAIN_CONFIG: TrainConfig = {
  dim: 64,
  hidden: 128,
  layers: 2,
  pooling: 'importance',
  neighbours: 20,
  walkSteps: 200,
  walkRestart: 0.5,
  maximumDegree: 1000,
  hubDamping: 0.5,
  halfLifeDays: 0,
  directPlaces: true,
  hiddenPlaces: 0.05,
  batch: 1024,
  negatives: 500,
  negativePower: 0.75,
  hardNegatives: true,
  hardFromShare: 0.01,
  hardToShare: 0.05,
  loss: 'max-margin',
  margin: 0.3,
  temperature: 1,
  pairsWithinDays: 60,
  pairsPerAction: 1,
  heldOutShare: 0.1,
  heldOutPairs: 2000,
  learningRate: 0.004,
  warmRateFactor: 0.5,
  learningRateDecay: 0.8,
  epochs: 6,
  examplesPerEpoch: 32_768,
  patience: 2,
  // Enough for all epochs of fifty thousand items on two cores with little other load.
  secondsBudget: 100,
  seed: 1,
};

/** Widths of the model that a training learns, of features of which `structure` are places. */
export function shapeOf(
  { hidden, layers, dim, pooling, directPlaces }: TrainConfig,
  { features, structure }: { readonly features: number; readonly structure: number },
): PinSageShape {
  return { features, hidden, layers, dim, pooling, direct: directPlaces ? structure : 0 };
}

export function graphOptions({ maximumDegree, hubDamping }: TrainConfig) {
  return { maximumDegree, hubDamping };
}

export function walkOptions({ neighbours, walkSteps, walkRestart }: TrainConfig): NeighbourhoodOptions {
  return { size: neighbours, steps: walkSteps, restart: walkRestart };
}
