import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readRetrainConfig } from './config.ts';
import { walkInThreads } from './graph/walk-in-threads.ts';
import { distributedInference } from './inference/distributed.ts';
import { createLogState, logHandlers } from './log-state/log-state.ts';
import { createRetrainMetrics } from './metrics.ts';
import { NewItems } from './new-items/new-items.ts';
import { createPublisher } from './release/publisher.ts';
import { retrain } from './retraining.ts';
import { addRoutes } from './routes.ts';
import { RetrainingSchedule } from './schedule.ts';
import { trainInChild } from './training/train-in-child.ts';
import { keepUp } from './upkeep.ts';

await runStage(STAGES.retrain, async (stage) => {
  const { log, lifecycle } = stage;
  const config = readRetrainConfig();
  const state = createLogState(config, log, walkInThreads(config.walkThreads));
  const metrics = createRetrainMetrics(stage.metrics.registry, state);
  const publisher = createPublisher(stage);
  const newItems = new NewItems(state);
  const ports = { config, log, metrics, publisher, state, now: Date.now };
  const schedule = new RetrainingSchedule({
    now: Date.now,
    // A training that the shutdown aborted is not an error.
    onFailure: (generation, error) =>
      log[lifecycle.signal.aborted ? 'info' : 'error']({ generation, err: error }, 'retraining failed'),
    retrain: (generation) =>
      retrain(generation, {
        ...ports,
        signal: lifecycle.signal,
        train: (input, named) =>
          trainInChild(
            input,
            (report) => log.info({ generation, ...report }, 'epoch'),
            lifecycle.signal,
            distributedInference(stage.config, config, named),
          ),
      }),
  });
  addRoutes(stage.http, schedule, lifecycle);
  lifecycle.onStop('schedule', () => schedule.close());

  return async () => {
    const follower = await stage.follow(logHandlers(state, (itemId) => newItems.note(itemId)));
    await follower.caughtUp;
    await Promise.all(state.releases.interrupted(Date.now()).map(publisher.release));
    const { generationsKept } = config;
    const kept = keepUp({ ...ports, newItems, generationsKept }, lifecycle.signal).catch((error) =>
      lifecycle.fail(error),
    );
    lifecycle.onStop('upkeep', () => kept);
    schedule.every(config.intervalMs, state.releases.newestCreatedAt ?? Date.now());
  };
});
