import { runStage } from '#platform/stage.ts';
import { readIndexConfig } from './config.ts';
import { LiveIndex } from './live-index.ts';
import { createIndexMetrics } from './metrics.ts';
import { createOtherShards } from './other-shards.ts';
import { addRoutes } from './routes.ts';
import { createShard } from './shard.ts';
import { Snapshots } from './snapshots.ts';

await runStage('index', async (stage) => {
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
    publish: async (release) => void (await stage.produce('releases', release.generation, release)),
    onFailure: (error) => stage.lifecycle.fail(error),
  });
  addRoutes(stage.http, index, metrics);
  const follower = await stage.follow({
    items: ({ key, value }) => index.takeItem(key, value),
    embeddings: ({ key, value }) => index.takeEmbedding(key, value),
    releases: ({ key, value }) => index.takeRelease(key, value),
  });
  void follower.caughtUp.then(() => index.takeCaughtUp());
  stage.readyWhen(() => (index.isBuildingFirst ? 'the active generation is being built' : undefined));
  stage.lifecycle.onStop('other shards', () => otherShards.close());
  stage.lifecycle.onStop('index', () => index.close());
});
