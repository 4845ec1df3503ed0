import type { Logger } from 'pino';
import type { FeatureLayout } from '#algorithms/pinsage/features.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { EmbeddingBasis } from '#contracts/generated/records.ts';
import type { RetrainConfig } from '../config.ts';
import type { TrainInput } from '../training/train.ts';
import { DEFAULT_TRAIN_CONFIG, type TrainConfig } from '../training/train-config.ts';
import type { ActionLog, TrainingActions } from './action-log.ts';
import type { ItemCatalogue } from './catalogue.ts';

/** The state of the log at the start of a retraining. */
export interface Snapshot {
  readonly training: TrainingActions;
  readonly layout: FeatureLayout;
  readonly trainConfig: TrainConfig;
  /** Contexts of each item before the held-out time, so that the figures of the release do not use held-out actions. */
  readonly degrees: Uint32Array;
}

export interface SnapshotSources {
  readonly actions: ActionLog;
  readonly catalogue: ItemCatalogue;
}

/** Drops the actions that are too old, logs the items with unusable vectors, and copies the rest. */
export function snapshotOf(
  { actions, catalogue }: SnapshotSources,
  config: Pick<
    RetrainConfig,
    'days' | 'itemsMaximum' | 'halfLifeDays' | 'secondsBudget' | 'seed' | 'hardNegatives'
  >,
  log: Pick<Logger, 'warn'>,
): Snapshot {
  actions.forgetOlderThan(config.days);
  const layout = catalogue.layout();
  const unusable = catalogue.withUnusableVector(layout);
  if (unusable.length > 0) {
    log.warn(
      { items: unusable.length, first: unusable.slice(0, 5), length: layout.vector },
      'supplied vectors ignored: they are not finite or have another length than most',
    );
  }
  const training = actions.snapshot(config.itemsMaximum, catalogue.itemIds());
  const trainConfig: TrainConfig = {
    ...DEFAULT_TRAIN_CONFIG,
    halfLifeDays: config.halfLifeDays,
    secondsBudget: config.secondsBudget,
    hardNegatives: config.hardNegatives === 'strict' ? 'strict' : config.hardNegatives === 'true',
    seed: config.seed,
  };
  const { before } = splitByTime(training.columns, trainConfig.heldOutShare);
  const degrees = contextsByItem(before, training.itemIds.length);
  return { training, layout, trainConfig, degrees };
}

/** @throws TributaryError `training.failed` if no item has an action */
export function toTrainInput(
  { training, layout, trainConfig, degrees }: Snapshot,
  catalogue: ItemCatalogue,
): TrainInput {
  const { itemIds, columns } = training;
  if (columns.at.length === 0) {
    throw new TributaryError('training.failed', 'the log has no action to train on', { retryable: true });
  }
  return {
    itemCount: itemIds.length,
    features: catalogue.featureMatrix(itemIds, degrees, layout),
    structure: layout.structure,
    layout,
    actions: columns,
    groups: catalogue.groups(itemIds),
    config: trainConfig,
  };
}

/** The content hash of each item, as long as the catalogue holds the same content. */
export function basesOf({ training, degrees }: Snapshot, catalogue: ItemCatalogue): EmbeddingBasis[] {
  return training.itemIds.map((itemId, item) => ({
    content: catalogue.contentOf(itemId),
    degree: degrees[item]!,
  }));
}

/** Distinct contexts of each item. */
function contextsByItem({ item, context }: ActionColumns, itemCount: number): Uint32Array {
  const counts = new Uint32Array(itemCount);
  const pairs = new Set<number>();
  for (let i = 0; i < item.length; i++) {
    const pair = context[i]! * itemCount + item[i]!;
    if (pairs.has(pair)) continue;
    pairs.add(pair);
    counts[item[i]!]! += 1;
  }
  return counts;
}
