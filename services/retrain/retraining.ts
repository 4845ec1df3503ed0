import type { Logger } from 'pino';
import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import { INTERRUPTED, type ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { Release } from '#contracts/generated/records.ts';
import type { RetrainConfig } from './config.ts';
import type { LiveNeighbourhoods } from './graph/live-neighbourhoods.ts';
import { keepLease } from './keep-lease.ts';
import type { TrainingLease } from './lease.ts';
import type { ActionLog } from './log-state/action-log.ts';
import type { ItemCatalogue } from './log-state/catalogue.ts';
import type { Models } from './log-state/pinsage-model.ts';
import { basesOf, type Snapshot, snapshotOf, toTrainInput } from './log-state/snapshot.ts';
import type { RetrainMetrics } from './metrics.ts';
import { rejectionReason } from './release/gate.ts';
import { modelCard, releaseMetrics } from './release/model-card.ts';
import { publishGeneration } from './release/publish-generation.ts';
import type { Publisher } from './release/publisher.ts';
import type { History } from './retention.ts';
import { Stopwatch } from './training/stopwatch.ts';
import type { TrainResult, WarmStart } from './training/train.ts';
import type { Trainer } from './training/trainer.ts';
import { warmStartFrom } from './training/warm-start.ts';

export interface RetrainingPorts {
  readonly config: RetrainConfig;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  readonly metrics: Pick<RetrainMetrics, 'ended' | 'walked' | 'companion' | 'hardNegatives'>;
  readonly state: {
    readonly actions: ActionLog;
    readonly catalogue: ItemCatalogue;
    readonly models: Models;
    readonly neighbourhoods: LiveNeighbourhoods;
    readonly releases: ReleaseLedger;
  };
  readonly train: Trainer;
  readonly publisher: Publisher;
  /** How far back the log reaches; without it, the model card calls that unknown. */
  readonly history?: History;
  /** Keeps other processes from training meanwhile; a test without other processes needs none. */
  readonly lease?: TrainingLease;
  /** Ends the walks when it aborts. */
  readonly signal?: AbortSignal;
  /** The current time, ms; it stamps releases and decides nothing. */
  readonly now: () => number;
}

/**
 * One retraining from the log to a `ready` generation: train, measure, gate, publish. Readers see none of it before
 * `ready`. A generation that fails its gate, or whose training fails, is `rejected` with the reason and none of its
 * embeddings is written. The index declares the generation `active` when it can serve it.
 * @returns the release, `ready` or `rejected` by the gate
 * @throws TributaryError `training.failed` if there is nothing to train on or the training fails, and any error of
 *   publishing; the release is `rejected` in these cases too
 */
export async function retrain(generation: string, ports: RetrainingPorts): Promise<Release> {
  const { now, config, metrics, publisher, log } = ports;
  const createdAt = now();
  const stopwatch = new Stopwatch(now);
  const snapshot = snapshotOf(ports.state, config, log);
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
    follows: null,
  };
  const advance = async (change: Partial<Release>): Promise<Release> => {
    // The first declaration begins the life of the generation, and the others belong to it.
    const follows = change.state === undefined ? null : createdAt;
    release = { ...release, ...change, updatedAt: change.state === undefined ? createdAt : now(), follows };
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
  const { leaseMs } = config;
  const { signal } = ports;
  const lease = ports.lease && keepLease(release, ports.lease, { publisher, now, leaseMs, signal });
  try {
    await lease?.obtained;
    const { startedFrom, ...start } = originOf(snapshot, ports);
    const { companions, sequenceNetwork, combinerHorizon } = config;
    const chosen = { companions, sequenceNetwork, combinerHorizon };
    const input = { ...toTrainInput(snapshot, ports.state.catalogue), ...chosen, ...start };
    const bases = basesOf(snapshot, ports.state.catalogue);
    stopwatch.lap('features');
    const neighbourhoods = await walk(snapshot, ports);
    stopwatch.lap('walks');
    const named = { generation, itemIds: training.itemIds };
    const result = await ports.train({ ...input, neighbourhoods }, named);
    stopwatch.lapAround('hand-over', result.metrics.steps);
    noteHardNegatives(generation, result, ports);
    noteCompanions(generation, result, ports);
    const measured = () => ({
      alpha: result.alpha.alpha,
      metrics: releaseMetrics(result),
      modelCard: modelCard(result, training, {
        config: trainConfig,
        codeVersion: config.codeVersion,
        startedFrom,
        history: ports.history ?? { days: config.days, retentionDays: null },
        steps: stopwatch.seconds,
      }),
    });
    const reason = reasonToReject(result, ports.state.releases.active());
    if (reason !== undefined) {
      await lease?.end();
      return await advance({ ...measured(), state: 'rejected', reason });
    }
    await lease?.check();
    const itemCount = await publishGeneration(generation, snapshot, bases, result, publisher);
    stopwatch.lap('publication');
    await lease?.check();
    await lease?.end();
    return await advance({ ...measured(), itemCount, state: 'ready' });
  } catch (error) {
    await lease?.end();
    await advance({ state: 'rejected', reason: isAbort(error) ? INTERRUPTED : reasonOf(error) });
    throw error;
  }
}

/** The generation from whose weights the training starts, if it can. */
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

/** The neighbourhoods in the graph of all actions: those of the published embeddings. */
async function walk(
  { training: { itemIds } }: Snapshot,
  { state, metrics, log, signal }: RetrainingPorts,
): Promise<Neighbourhoods> {
  const { neighbourhoods, report } = await state.neighbourhoods.refresh(itemIds, signal);
  metrics.walked(report);
  log.info(report, 'random walks done for the items whose part of the graph changed');
  return neighbourhoods;
}

function reasonToReject(
  { metrics: { learned, contentOnly, warmStart, newItems } }: TrainResult,
  active: Release | undefined,
) {
  return rejectionReason(
    {
      hitRateAt100: learned.hitRateAt100,
      contentHitRateAt100: contentOnly.hitRateAt100,
      activeHitRateAt100: warmStart?.hitRateAt100,
      heldOutPairs: learned.pairs,
      newItems,
    },
    active,
  );
}

/** A training that went without hard negatives although the settings want them is served like any other, but a person should look. */
function noteHardNegatives(
  generation: string,
  { metrics: { hardNegatives } }: TrainResult,
  { config, log, metrics }: RetrainingPorts,
): void {
  metrics.hardNegatives(hardNegatives);
  if (hardNegatives.used || config.hardNegatives === 'false') return;
  const { share, reason } = hardNegatives;
  log.warn({ generation, share, reason }, 'trained without hard negatives');
}

/** A model that is left out is no reason to reject a generation, but a person should look. */
function noteCompanions(
  generation: string,
  { companions = [], behaviourFacts, behaviourLeftOut }: TrainResult,
  { log, metrics }: RetrainingPorts,
): void {
  if (behaviourFacts !== undefined)
    metrics.companion('behaviour', behaviourLeftOut === undefined ? 'trained' : 'left_out');
  if (behaviourLeftOut !== undefined)
    log.warn({ generation, model: 'behaviour', reason: behaviourLeftOut }, 'companion left out');
  for (const { model, leftOut, seconds } of companions) {
    metrics.companion(model, leftOut === undefined ? 'trained' : 'left_out');
    if (leftOut === undefined) log.info({ generation, model, seconds }, 'companion trained');
    else log.warn({ generation, model, reason: leftOut }, 'companion left out');
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
