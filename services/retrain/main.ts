import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readRetrainConfig } from './config.ts';
import { walkInThreads } from './graph/walk-in-threads.ts';
import { TrainingLease } from './lease.ts';
import { createLogState, logHandlers } from './log-state/log-state.ts';
import { createRetrainMetrics } from './metrics.ts';
import { NewItems } from './new-items/new-items.ts';
import { createPublisher } from './release/publisher.ts';
import { readHistory, readRetentionDays } from './retention.ts';
import { retrain } from './retraining.ts';
import { addRoutes } from './routes.ts';
import { RetrainingSchedule } from './schedule.ts';
import { createTrainer } from './training/trainer.ts';
import { keepUp } from './upkeep.ts';

await runStage(STAGES.retrain, async (stage) => {
  const { log, lifecycle } = stage;
  const config = readRetrainConfig();
  const state = createLogState(config, log, walkInThreads(config.walkThreads));
  const newItems = new NewItems(state);
  const metrics = createRetrainMetrics(stage.metrics.registry, state);
  const history = await readHistory(
    config.days,
    () => readRetentionDays(stage.kafka, stage.topic('actions')),
    (message) => log.warn(message),
  );
  const publisher = createPublisher(stage);
  const train = createTrainer(stage, config);
  const { signal } = lifecycle;
  const { leaseMs } = config;
  const lease = new TrainingLease({ releases: state.releases, leaseMs, elapsed: () => performance.now() });
  const ports = {
    config,
    history,
    lease,
    log,
    metrics,
    newItems,
    now: Date.now,
    publisher,
    signal,
    state,
    train,
  };
  const schedule = new RetrainingSchedule({
    now: Date.now,
    holder: () => lease.holder(),
    retrain: (generation) => retrain(generation, ports),
    // A training that the shutdown aborted is not an error.
    onFailure: (generation, err) =>
      log[signal.aborted ? 'info' : 'error']({ generation, err }, 'retraining failed'),
  });
  addRoutes(stage.http, schedule, lifecycle);
  lifecycle.onStop('schedule', () => schedule.close());

  return async () => {
    const follower = await stage.follow(
      logHandlers(
        state,
        (itemId) => newItems.note(itemId),
        (generation) => lease.hear(generation),
      ),
    );
    await follower.caughtUp;
    const upkeep = keepUp(ports, signal).catch((error) => lifecycle.fail(error));
    lifecycle.onStop('upkeep', () => upkeep);
    schedule.every(config.intervalMs, state.releases.newestCreatedAt ?? Date.now());
  };
});
