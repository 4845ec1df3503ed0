import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readFeedbackConfig, rulesOf } from './config.ts';
import { watchEnds } from './ends-watch.ts';
import { createHandlers } from './handlers.ts';
import { createJoiner } from './joiner.ts';
import { REWARDS_RETENTION_MS, readLoggedRewards, readNewestReward } from './logged-rewards.ts';
import { createFeedbackMetrics } from './metrics.ts';
import { createRecovery } from './recovery.ts';
import { createRedisJoinStore } from './redis-store.ts';
import type { JoinedTopic, ReportLost } from './store.ts';

/** Nobody waits for a reward, and each step costs a read and a commit in Redis. */
const REST_MS = 500;

await runStage(STAGES.feedback, async (stage) => {
  const config = readFeedbackConfig();
  const metrics = createFeedbackMetrics(stage.metrics.registry);
  const admin = stage.kafka.admin();
  await admin.connect();
  stage.lifecycle.onStop('admin', () => admin.disconnect());
  const lost: ReportLost = (part, partition) => {
    metrics.lost.inc({ part });
    stage.log.error(
      { part, partition },
      'state of feedback is gone from Redis or unreadable; the partition is made again from the log',
    );
  };
  const store = createRedisJoinStore({
    redis: await stage.connectRedis(),
    keyOf: (partition, part) => stage.key('feedback', `{${partition}}`, part),
    lost,
    replaced: (partition) =>
      stage.log.info({ partition }, 'the state of an earlier version is made again from the log'),
  });
  const recovery = createRecovery({
    store,
    readLogged: (partition) => readLoggedRewards(stage, partition),
    readNewest: (partition) => readNewestReward(stage, partition),
    retentionMs: REWARDS_RETENTION_MS,
    now: Date.now,
  });
  const joiner = createJoiner({
    store: recovery.store,
    rules: rulesOf(config),
    idleMs: config.idleMs,
    // All rewards are of one partition and sent at once, so the producer puts them into one request.
    async produce(queued) {
      await Promise.all(
        queued.map(({ reward, trace }) =>
          stage.produce('rewards', reward.userId, reward, { trace, insists: true }),
        ),
      );
      for (const { reward } of queued) metrics.rewards.inc({ action: reward.actionType ?? 'none' });
    },
    now: Date.now,
    countLate: () => metrics.lateSlates.inc(),
    countRepeated: (slates) => metrics.repeatedSlates.inc(slates),
    countPaid: (outcome, actions) => metrics.actions.inc({ outcome }, actions),
    lastSequence: recovery.lastSequence,
  });
  const watch = watchEnds({
    admin,
    topics: { slates: stage.topic('slates'), actions: stage.topic('actions') },
    everyMs: config.tickMs,
    now: Date.now,
    report: async (partition, ends) => {
      if (recovery.isCompared(partition)) await joiner.tick(partition, ends);
    },
    log: stage.log,
    signal: stage.lifecycle.signal,
    onFailure: (error) => stage.lifecycle.fail(error),
  });
  stage.lifecycle.onStop('watch of the end offsets', watch.close);
  const consumption = await stage.consume('', createHandlers(joiner), {
    onAssigned: watch.own,
    restMs: REST_MS,
    state: {
      readHead: (topic, partition) => recovery.readTopicHead(topic as JoinedTopic, partition),
      writeHead: (topic, partition, head) => store.writeTopicHead(topic as JoinedTopic, partition, head),
      clear: (partition) => joiner.exclusively(partition, () => recovery.clear(partition)),
      // An older state would repeat rewards under the numbers of others.
      isAllOrNothing: true,
      forget() {
        recovery.forget();
        joiner.forget();
      },
      continueWith: recovery.continueWith,
    },
  });
  stage.readyWhen(() => consumption.rebuilding);
});
