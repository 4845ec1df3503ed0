import type { Logger } from 'pino';
import type { FeatureLayout } from '#algorithms/pinsage/features.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { row } from '#algorithms/vectors.ts';
import { INTERRUPTED, type ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { EmbeddingBasis, Release } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { ActionLog, TrainingActions } from './action-log.ts';
import type { ItemCatalogue } from './catalogue.ts';
import type { RetrainConfig } from './config.ts';
import { refusal } from './gate.ts';
import type { LiveNeighbourhoods } from './graph/live-neighbourhoods.ts';
import type { RetrainMetrics } from './metrics.ts';
import { modelCard, releaseMetrics } from './model-card.ts';
import { type Models, toModelWeights } from './models.ts';
import type { Publisher } from './publisher.ts';
import { Stopwatch } from './training/stopwatch.ts';
import type { TrainInput, TrainResult, WarmStart } from './training/train.ts';
import { DEFAULT_TRAIN_CONFIG, type TrainConfig } from './training/train-config.ts';
import { warmStartFrom } from './warm-start.ts';

/** Embeddings on their way at once, which bounds what waits for the brokers. */
const PUBLISHED_AT_A_TIME = 5_000;

export interface RetrainingPorts {
  readonly config: RetrainConfig;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly metrics: Pick<RetrainMetrics, 'ended' | 'walked'>;
  readonly state: {
    readonly actions: ActionLog;
    readonly catalogue: ItemCatalogue;
    readonly models: Pick<Models, 'get'>;
    readonly neighbourhoods: LiveNeighbourhoods;
    readonly releases: ReleaseLedger;
  };
  readonly train: (input: TrainInput, named: NamedItems) => Promise<TrainResult>;
  readonly publisher: Publisher;
  /** Ends the walks when it aborts. */
  readonly signal?: AbortSignal;
  /** The present, ms; stamps releases, decides nothing. */
  readonly now: () => number;
}

/** What the numbers of a training stand for. */
export interface NamedItems {
  readonly generation: string;
  /** Item id by number. */
  readonly itemIds: readonly string[];
}

/** What one retraining works on: the log as it stood when it began. */
interface Snapshot {
  readonly training: TrainingActions;
  readonly layout: FeatureLayout;
  readonly trainConfig: TrainConfig;
  /** Contexts of each item before the held-out time, so that the figures of the release know nothing of it. */
  readonly degrees: Uint32Array;
}

/**
 * One retraining from the log to a `ready` generation: train, measure, gate, publish. Readers see nothing of it before
 * `ready`; a generation that fails its gate, or whose training fails, is `rejected` with the reason and no embedding
 * of it is written. The index declares it `active` when it can serve it.
 * @returns the release, `ready` or `rejected` by the gate
 * @throws TributaryError `training.failed` when there is nothing to train on or training fails, and whatever kept the
 * generation from being published; the release is `rejected` then too
 */
export async function retrain(generation: string, ports: RetrainingPorts): Promise<Release> {
  const { now, config, metrics, publisher, log } = ports;
  const createdAt = now();
  const stopwatch = new Stopwatch(now);
  const snapshot = takeSnapshot(ports);
  const { training, trainConfig } = snapshot;
  let release: Release = {
    generation,
    state: 'building',
    dimension: trainConfig.dim,
    alpha: 0,
    itemCount: training.itemIds.length,
    actionCount: training.columns.at.length,
    createdAt,
    updatedAt: createdAt,
    metrics: {},
    modelCard: '{}',
    reason: null,
  };
  const advance = async (change: Partial<Release>): Promise<Release> => {
    release = { ...release, ...change, updatedAt: now() };
    await publisher.release(release);
    const { state, reason } = release;
    log[state === 'rejected' ? 'warn' : 'info'](
      { generation, state, reason: reason ?? undefined },
      'release',
    );
    if (state !== 'building') metrics.ended(release);
    return release;
  };

  await advance({});
  try {
    const { startedFrom, ...start } = originOf(snapshot, ports);
    const input = { ...toInput(snapshot, ports.state.catalogue), ...start };
    const bases = basesOf(snapshot, ports.state.catalogue);
    stopwatch.lap('features');
    const neighbourhoods = await walk(snapshot, ports);
    stopwatch.lap('walks');
    const named = { generation, itemIds: training.itemIds };
    const result = await ports.train({ ...input, neighbourhoods }, named);
    stopwatch.lapAround('hand-over', result.metrics.steps);
    const measured = () => ({
      alpha: result.alpha.alpha,
      metrics: releaseMetrics(result),
      modelCard: modelCard(result, training, {
        config: trainConfig,
        codeVersion: config.codeVersion,
        startedFrom,
        steps: stopwatch.seconds,
      }),
    });
    const reason = refusalOf(result, ports.state.releases.active());
    if (reason !== undefined) return await advance({ ...measured(), state: 'rejected', reason });
    const itemCount = await publishGeneration(generation, snapshot, bases, result, publisher);
    stopwatch.lap('publication');
    return await advance({ ...measured(), itemCount, state: 'ready' });
  } catch (error) {
    await advance({ state: 'rejected', reason: isAbort(error) ? INTERRUPTED : reasonOf(error) });
    throw error;
  }
}

function takeSnapshot({ config, log, state: { actions, catalogue } }: RetrainingPorts): Snapshot {
  actions.forgetOlderThan(config.days);
  const layout = catalogue.layout();
  const unusable = catalogue.withUnusableVector(layout);
  if (unusable.length > 0) {
    log.warn(
      { items: unusable.length, first: unusable.slice(0, 5), length: layout.vector },
      'given vectors left out, which are not finite or not of the length that most have',
    );
  }
  const training = actions.snapshot(config.itemsMaximum, catalogue.itemIds());
  const trainConfig = {
    ...DEFAULT_TRAIN_CONFIG,
    halfLifeDays: config.halfLifeDays,
    secondsBudget: config.secondsBudget,
    seed: config.seed,
  };
  const { before } = splitByTime(training.columns, trainConfig.heldOutShare);
  const degrees = contextsByItem(before, training.itemIds.length);
  return { training, layout, trainConfig, degrees };
}

/** The generation whose weights the training begins with, where it begins with any. */
function originOf(
  { training: { itemIds }, layout, trainConfig }: Snapshot,
  { config, log, state: { models, releases } }: RetrainingPorts,
): { readonly startedFrom: string | null; readonly warmStart?: WarmStart } {
  const active = releases.active()?.generation;
  if (active === undefined || config.warmStart === 'false') return { startedFrom: null };
  const warmStart = warmStartFrom(models.get(active), { itemIds, layout, config: trainConfig });
  if (typeof warmStart !== 'string') return { startedFrom: active, warmStart };
  log.info({ active, reason: warmStart }, 'training from scratch');
  return { startedFrom: null };
}

/** @throws TributaryError `training.failed` when no item has an action */
function toInput({ training, layout, trainConfig, degrees }: Snapshot, catalogue: ItemCatalogue): TrainInput {
  const { itemIds, columns } = training;
  if (columns.at.length === 0) {
    throw new TributaryError('training.failed', 'the log has no action to train on', { retryable: true });
  }
  const features = catalogue.featureMatrix(itemIds, degrees, layout);
  return {
    itemCount: itemIds.length,
    features,
    structure: layout.structure,
    actions: columns,
    config: trainConfig,
  };
}

/** What the features of each item are made of, as long as it is what the catalogue holds. */
function basesOf({ training, degrees }: Snapshot, catalogue: ItemCatalogue): EmbeddingBasis[] {
  return training.itemIds.map((itemId, item) => ({
    content: catalogue.contentOf(itemId),
    degree: degrees[item]!,
  }));
}

/** The neighbourhoods in the graph of all actions: those of the published embeddings. */
async function walk(
  { training: { itemIds } }: Snapshot,
  { state, metrics, log, signal }: RetrainingPorts,
): Promise<Neighbourhoods> {
  const { neighbourhoods, report } = await state.neighbourhoods.refresh(itemIds, signal);
  metrics.walked(report);
  log.info(report, 'walked from the items whose part of the graph changed');
  return neighbourhoods;
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

function refusalOf(
  { metrics: { learned, contentOnly, warmStart } }: TrainResult,
  active: Release | undefined,
) {
  return refusal(
    {
      hitRateAt100: learned.hitRateAt100,
      contentHitRateAt100: contentOnly.hitRateAt100,
      activeHitRateAt100: warmStart?.hitRateAt100,
      heldOutPairs: learned.pairs,
    },
    active,
  );
}

/**
 * An item whose embedding is the catalogue's mean has no direction, and is left out.
 * @returns how many embeddings the generation has
 */
async function publishGeneration(
  generation: string,
  { training: { itemIds }, layout }: Snapshot,
  bases: readonly EmbeddingBasis[],
  { embeddings, weights, anchors }: TrainResult,
  publisher: Publisher,
): Promise<number> {
  const { dim } = weights.shape;
  let published = 0;
  for (let start = 0; start < itemIds.length; start += PUBLISHED_AT_A_TIME) {
    const some = itemIds.slice(start, start + PUBLISHED_AT_A_TIME).flatMap((itemId, place) => {
      const embedding = row(embeddings, start + place, dim);
      if (embedding.every((component) => component === 0)) return [];
      const vector = encodeVector(embedding);
      const basis = bases[start + place]!;
      return [publisher.embedding({ generation, itemId, vector, origin: 'trained', basis })];
    });
    await Promise.all(some);
    published += some.length;
  }
  const known = { itemIds: Array.from(anchors.items, (item) => itemIds[item]!), places: anchors.places };
  await publisher.weights(toModelWeights(generation, { weights, layout, anchors: known }));
  return published;
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
