import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { CATALOG } from '#topics/catalog.ts';
import { readRerankConfig } from './config.ts';
import { createLearner } from './learning/learner.ts';
import { readPosterior } from './learning/posterior.ts';
import { createRedisStatisticsStore } from './learning/redis-store.ts';
import { refreshing } from './learning/refresh.ts';
import { createRerankMetrics } from './metrics.ts';
import { createRedisPoolStore } from './pools/redis-store.ts';
import { takeProposals } from './pools/take-proposals.ts';
import { addSlateRoute } from './routes.ts';
import { composeSlate } from './slate.ts';

await runStage(STAGES.rerank, async (stage) => {
  const config = readRerankConfig();
  const metrics = createRerankMetrics(stage.metrics.registry);
  const redis = await stage.connectRedis();
  const pools = createRedisPoolStore({
    redis,
    keyOf: (userId) => stage.key('rerank', 'pool', userId),
    keepMs: config.poolDays * 86_400_000,
    encode: (proposal) => stage.codec.encode('Proposal', proposal),
    decode: (bytes) => stage.codec.decode('Proposal', bytes),
  });
  const statistics = createRedisStatisticsStore({
    redis,
    keyOf: (partition) => stage.key('rerank', 'statistics', String(partition)),
  });
  const learner = createLearner({
    store: statistics,
    count: (outcome) => metrics.rewards.inc({ outcome }),
  });
  const held = await refreshing({
    read: () => readPosterior(statistics, CATALOG.rewards.partitions, config),
    everyMs: config.refreshMs,
    signal: stage.lifecycle.signal,
    onFailure: (error) => stage.lifecycle.fail(error),
  });

  addSlateRoute(stage.http, {
    async compose({ slateId, userId, size }) {
      const pool = await pools.read(userId);
      const { posterior, observations } = held.current;
      const slate = composeSlate({
        ...config,
        slateId,
        userId,
        size,
        pool,
        posterior,
        observations,
        now: Date.now(),
      });
      metrics.observations.set(observations);
      metrics.slotsMissing.inc(size - slate.slots.length);
      return slate;
    },
    publish: (slate, trace) => stage.produce('slates', slate.userId, slate, { trace }),
  });
  await stage.consume('pools', {
    proposals: (batch) =>
      takeProposals(batch, {
        store: pools,
        fresh: (seconds) => metrics.freshnessSeconds.observe(seconds),
        now: Date.now,
      }),
  });
  await stage.consume('rewards', { rewards: learner.take }, learner.forget);
});
