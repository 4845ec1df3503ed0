import { runStage } from '#platform/stage.ts';
import { createShard } from '#published/shard.ts';
import { STAGES } from '#stages/stages.ts';
import { readIndexConfig } from './config.ts';
import { LiveIndex } from './live-index.ts';
import { createIndexMetrics } from './metrics.ts';
import { addRoutes } from './routes.ts';
import { createOtherShards } from './shards/other-shards.ts';
import { Snapshots } from './snapshots/snapshots.ts';

await runStage(STAGES.index, async (stage) => {
  const { shard: place, shards, shardUrls, snapshots: directory, ...config } = readIndexConfig();
  const metrics = createIndexMetrics(stage.metrics);
  const otherShards = createOtherShards(shardUrls, place);
  const parameters = { m: config.m, efConstruction: config.efConstruction };
  const index = new LiveIndex({
    ...config,
    log: stage.log,
    metrics,
    parameters,
    shard: createShard(place, shards),
    snapshots: directory === '' ? undefined : new Snapshots({ directory, parameters, log: stage.log }),
    lacking: otherShards.lacking,
    publish: async (release) =>
      void (await stage.produce('releases', release.generation, release, { insists: true })),
    onFailure: (error) => stage.lifecycle.fail(error),
  });
  addRoutes(stage.http, index, metrics);
  const follower = await stage.follow({
    // Before the vectors: those of a release that is in the log at the start are then read at the end of the start too.
    releases: ({ key, value, isLater }) => index.applyRelease(key, value, isLater),
    embeddings: ({ key, value }) => index.applyEmbedding(key, value),
    items: ({ key, value }) => index.applyItem(key, value),
  });
  void follower.caughtUp.then(() => index.markCaughtUp());
  stage.readyWhen(() => (index.isBuildingFirst ? 'the active generation is being built' : undefined));
  stage.lifecycle.onStop('other shards', () => otherShards.close());
  stage.lifecycle.onStop('index', () => index.close());
});
