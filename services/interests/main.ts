import { runStage } from '#platform/stage.ts';
import { STAGES } from '#stages/stages.ts';
import { readInterestsConfig } from './config.ts';
import { heldInterests } from './held-state.ts';
import { createInterestsMetrics } from './metrics.ts';
import { createProcessor } from './processor.ts';
import { createRedisStore } from './redis-store.ts';
import { Refresher } from './refresher.ts';
import { addRoutes } from './routes.ts';
import { openVectors } from './vectors/open-vectors.ts';

await runStage(STAGES.interests, async (stage) => {
  const { log, lifecycle } = stage;
  const config = readInterestsConfig();
  const metrics = createInterestsMetrics(stage.metrics.registry, () => processor.cachedBytes());
  const userPartitions = await stage.partitionsOf('actions');
  const store = createRedisStore(await stage.connectRedis(), stage.key, userPartitions, (partition, users) =>
    log.info({ partition, users }, 'records of a former version deleted; the log is read again instead'),
  );
  const vectors = openVectors(stage, config, {
    onFlip(generation) {
      log.info({ generation }, 'generation served');
      refresher.request();
    },
    onVector: () => refresher.request(),
  });
  const processor = createProcessor({
    config,
    store,
    servedSpace: () => vectors.served,
    encode: (interests) => stage.codec.encode('UserInterests', interests),
    publish: async (userId, encoded, trace) =>
      void (await stage.produceEncoded('interests', userId, encoded, { trace, insists: true })),
    count: (outcome, amount) => metrics.actions.inc({ outcome }, amount),
    now: Date.now,
    countUsers: (outcome, users) => metrics.users.inc({ outcome }, users),
  });
  const refresher = new Refresher({
    processor,
    log,
    signal: lifecycle.signal,
    onFailure: (error) => lifecycle.fail(error),
    usersPerSecond: config.refreshUsersPerSecond,
    served: () => vectors.served?.generation,
  });
  lifecycle.onStop('refresher', () => refresher.close());
  const decode = (bytes: Buffer) => stage.codec.decode('UserInterests', bytes);
  addRoutes(stage.http, store, decode, () => refresher.status);

  return async () => {
    const follower = await stage.follow(
      {
        embeddings: ({ key, value }) => vectors.applyEmbedding(key, value),
        releases: ({ key, value }) => vectors.applyRelease(key, value),
      },
      // With the vector cache on, older vectors are fetched on demand, so only new ones are followed.
      config.vectorCacheItems > 0 ? { embeddings: Date.now() } : {},
    );
    await follower.caughtUp;
    vectors.markCaughtUp();
    const consumption = await stage.consume(
      '',
      { actions: { together: processor.together } },
      {
        onAssigned(partitions) {
          processor.forgetPartitions();
          refresher.assign(partitions);
        },
        state: heldInterests({ store, processor, refresher }),
      },
    );
    // Until then a user may seem to have no interests.
    stage.readyWhen(() => consumption.rebuilding);
  };
});
