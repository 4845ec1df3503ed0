import type { Logger } from 'pino';
import type { FeatureLayout } from '#algorithms/pinsage/features.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import { encodeWeights } from '#algorithms/pinsage/weights.ts';
import type { ItemEmbedding, ModelWeights, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { reasonOf, TributaryError } from '#platform/errors.ts';
import type { ActionLog, TrainingActions } from './action-log.ts';
import type { ItemCatalogue } from './catalogue.ts';
import type { RetrainConfig } from './config.ts';
import { refusal } from './gate.ts';
import type { TrainInput, TrainResult } from './training/train.ts';
import { DEFAULT_TRAIN_CONFIG, type TrainConfig } from './training/train-config.ts';

export const MODEL = 'pinsage';
export const WEIGHTS_FORMAT = 'tributary.pinsage/1';

export interface RetrainingPorts {
  readonly config: RetrainConfig;
  readonly log: Logger;
  readonly actions: ActionLog;
  readonly catalogue: ItemCatalogue;
  readonly train: (input: TrainInput) => Promise<TrainResult>;
  readonly activeRelease: () => Release | undefined;
  readonly publishRelease: (release: Release) => Promise<void>;
  readonly publishEmbedding: (embedding: ItemEmbedding) => Promise<void>;
  readonly publishWeights: (weights: ModelWeights) => Promise<void>;
  /** The present, ms; names generations and stamps releases, decides nothing. */
  readonly now: () => number;
}

/** What the weights need beside themselves to embed another item. */
export interface WeightsCard {
  readonly layout: FeatureLayout;
}

/**
 * One retraining from the log to a `ready` generation: train, measure, gate, publish. Readers see nothing of it before
 * `ready`; a generation that fails its gate, or whose training fails, is `rejected` with the reason and no embedding
 * of it is written. The index declares it `active` when it can serve it.
 * @throws TributaryError `training.failed` when there is nothing to train on or training fails
 */
export async function retrain(generation: string, ports: RetrainingPorts): Promise<Release> {
  const { config, log, actions, catalogue, now } = ports;
  actions.forgetOlderThan(config.days);
  const training = actions.snapshot(config.itemsMaximum, catalogue.itemIds());
  const trainConfig = { ...DEFAULT_TRAIN_CONFIG, secondsBudget: config.secondsBudget, seed: config.seed };
  let release: Release = {
    generation,
    state: 'building',
    dimension: trainConfig.dim,
    alpha: 0,
    itemCount: training.itemIds.length,
    actionCount: training.columns.at.length,
    createdAt: now(),
    updatedAt: now(),
    metrics: {},
    modelCard: '{}',
    reason: null,
  };
  const advance = async (change: Partial<Release>): Promise<Release> => {
    release = { ...release, ...change, updatedAt: now() };
    await ports.publishRelease(release);
    log.info({ generation, state: release.state, reason: release.reason ?? undefined }, 'release');
    return release;
  };

  await advance({});
  const layout = catalogue.layout();
  let result: TrainResult;
  try {
    result = await ports.train(toInput(training, catalogue, layout, trainConfig));
  } catch (error) {
    await advance({ state: 'rejected', reason: reasonOf(error) });
    throw error;
  }
  const measured = {
    alpha: result.alpha.alpha,
    metrics: releaseMetrics(result),
    modelCard: modelCard(result, training, trainConfig),
  };
  const { learned, contentOnly } = result.metrics;
  const reason = refusal(
    {
      hitRateAt100: learned.hitRateAt100,
      contentHitRateAt100: contentOnly.hitRateAt100,
      heldOutPairs: learned.pairs,
    },
    ports.activeRelease(),
  );
  if (reason !== undefined) return advance({ ...measured, state: 'rejected', reason });
  await publishGeneration(generation, training.itemIds, result, layout, ports);
  return advance({ ...measured, state: 'ready' });
}

/**
 * Degrees come from the actions before the held-out time, so that the figures of the release know nothing of it.
 * @throws TributaryError `training.failed` when no item has an action
 */
function toInput(
  { itemIds, columns }: TrainingActions,
  catalogue: ItemCatalogue,
  layout: FeatureLayout,
  config: TrainConfig,
): TrainInput {
  if (columns.at.length === 0) {
    throw new TributaryError('training.failed', 'the log has no action to train on', { retryable: true });
  }
  const degrees = contextsByItem(splitByTime(columns, config.heldOutShare).before, itemIds.length);
  const features = catalogue.featureMatrix(itemIds, degrees, layout);
  return { itemCount: itemIds.length, features, actions: columns, config };
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

async function publishGeneration(
  generation: string,
  itemIds: readonly string[],
  { embeddings, weights }: TrainResult,
  layout: FeatureLayout,
  { publishEmbedding, publishWeights }: RetrainingPorts,
): Promise<void> {
  const { dim } = weights.shape;
  await Promise.all(
    itemIds.map((itemId, row) =>
      publishEmbedding({
        generation,
        itemId,
        vector: encodeVector(embeddings.subarray(row * dim, (row + 1) * dim)),
        origin: 'trained',
      }),
    ),
  );
  const card: WeightsCard = { layout };
  await publishWeights({
    model: MODEL,
    generation,
    format: WEIGHTS_FORMAT,
    weights: Buffer.from(encodeWeights(weights)),
    card: JSON.stringify(card),
  });
}

function releaseMetrics({ metrics: { learned, contentOnly, seconds } }: TrainResult): Record<string, number> {
  return {
    hitRateAt10: learned.hitRateAt10,
    hitRateAt100: learned.hitRateAt100,
    meanReciprocalRank: learned.meanReciprocalRank,
    ndcg: learned.ndcg,
    contentNdcg: contentOnly.ndcg,
    contentHitRateAt10: contentOnly.hitRateAt10,
    contentHitRateAt100: contentOnly.hitRateAt100,
    heldOutPairs: learned.pairs,
    trainingSeconds: seconds,
  };
}

/** What a reader wants to know of the model beside its figures: data range, sizes, seed, curriculum, α sweep. */
function modelCard(
  { metrics, weights, alpha }: TrainResult,
  { columns, itemIds }: TrainingActions,
  config: TrainConfig,
): string {
  return JSON.stringify({
    model: MODEL,
    data: {
      from: columns.at.reduce((least, at) => Math.min(least, at), Infinity),
      to: columns.at.reduce((most, at) => Math.max(most, at), 0),
      actions: columns.at.length,
      items: itemIds.length,
    },
    shape: weights.shape,
    config,
    lossByEpoch: metrics.lossByEpoch,
    pairs: metrics.pairs,
    examples: metrics.examples,
    alphaSweep: alpha.table,
  });
}
