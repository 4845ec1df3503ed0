import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readFeedbackConfig } from './config.ts';
import { endOffset, watchEnds } from './ends-watch.ts';
import { createHandlers } from './handlers.ts';
import { createJoiner } from './joiner.ts';
import { createFeedbackMetrics } from './metrics.ts';
import { createRedisJoinStore } from './redis-store.ts';
import type { ReportLost } from './store.ts';

await runStage(STAGES.feedback, async (stage) => {
  const config = readFeedbackConfig();
  const metrics = createFeedbackMetrics(stage.metrics.registry);
  const admin = stage.kafka.admin();
  await admin.connect();
  stage.lifecycle.onStop('admin', () => admin.disconnect());
  const lost: ReportLost = (part, count) => {
    metrics.lost.inc({ part }, count);
    stage.log.error(
      { part, count },
      'state of feedback is gone from Redis or unreadable; going on without it',
    );
  };
  const joiner = createJoiner({
    store: createRedisJoinStore({
      redis: await stage.connectRedis(),
      keyOf: (partition, part) => stage.key('feedback', `{${partition}}`, part),
      lost,
    }),
    rules: config,
    idleMs: config.idleMs,
    // All rewards are of one partition and sent at once, so the producer puts them into one request.
    async produce(queued) {
      await Promise.all(
        queued.map(({ reward, trace }) => stage.produce('rewards', reward.userId, reward, { trace })),
      );
      for (const { reward } of queued) metrics.rewards.inc({ action: reward.actionType ?? 'none' });
    },
    now: Date.now,
    countLate: () => metrics.lateSlates.inc(),
    countLost(slots) {
      metrics.lostSlots.inc(slots);
      stage.log.error({ slots }, 'what slates showed is no longer stored; their slots get no reward');
    },
    // Each sequence number was used for at least one message, so none exceeds the number of messages.
    lastSequence: (partition) => endOffset(admin, stage.topic('rewards'), partition),
  });
  const watch = watchEnds({
    admin,
    topics: { slates: stage.topic('slates'), actions: stage.topic('actions') },
    everyMs: config.tickMs,
    now: Date.now,
    report: joiner.tick,
    log: stage.log,
    signal: stage.lifecycle.signal,
    onFailure: (error) => stage.lifecycle.fail(error),
  });
  stage.lifecycle.onStop('watch of the end offsets', watch.close);
  await stage.consume('', createHandlers(joiner), { onAssigned: watch.own });
});
