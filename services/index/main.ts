import { runStage } from '#platform/stage.ts';
import { readIndexConfig } from './config.ts';
import { LiveIndex } from './live-index.ts';
import { createIndexMetrics } from './metrics.ts';
import { addRoutes } from './routes.ts';
import { Snapshots } from './snapshots.ts';

await runStage('index', async (stage) => {
  const { m, efConstruction, snapshots: directory, ...options } = readIndexConfig();
  const parameters = { m, efConstruction };
  const metrics = createIndexMetrics(stage.metrics);
  const index = new LiveIndex({
    log: stage.log,
    metrics,
    ...options,
    parameters,
    snapshots: directory === '' ? undefined : new Snapshots({ directory, parameters, log: stage.log }),
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
  stage.lifecycle.onStop('index', () => index.close());
});
