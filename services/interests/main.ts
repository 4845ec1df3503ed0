import { Counter, Gauge } from 'prom-client';
import { TributaryError } from '#platform/errors.ts';
import { createPeer } from '#platform/http/peer.ts';
import { runStage, type StagePorts } from '#platform/stage.ts';
import { type InterestsConfig, readInterestsConfig } from './config.ts';
import { IndexVectors, type IndexVectorsOptions } from './index-vectors.ts';
import { createProcessor } from './processor.ts';
import { Refresher } from './refresher.ts';
import { ServedGenerations } from './served-vectors.ts';
import { createRedisStore } from './store.ts';

await runStage('interests', async (stage) => {
  const config = readInterestsConfig();
  const store = createRedisStore(await stage.connectRedis(), stage.key);
  const actions = new Counter({
    name: 'tributary_window_actions_total',
    help: 'Actions by what became of them: added, duplicate, late, repeated',
    labelNames: ['outcome'],
    registers: [stage.metrics.registry],
  });
  const users = new Counter({
    name: 'tributary_hot_users_total',
    help: 'Users worked on: hot (at hand) or read (from Redis)',
    labelNames: ['outcome'],
    registers: [stage.metrics.registry],
  });
  const events = {
    onFlip(generation: string) {
      stage.log.info({ generation }, 'generation served');
      refresher.request();
    },
    onVector: () => refresher.request(),
  };
  const vectors =
    config.vectorCacheItems > 0
      ? askIndex(stage, config, events)
      : new ServedGenerations({
          ...events,
          onInvalid: (itemId, reason) => stage.log.warn({ itemId, reason }, 'vector passed over'),
        });
  const processor = createProcessor({
    config,
    store,
    served: () => vectors.served,
    publish: async (interests, trace) =>
      void (await stage.produce('interests', interests.userId, interests, { trace })),
    count: (outcome, amount) => actions.inc({ outcome }, amount),
    countUser: (outcome) => users.inc({ outcome }),
  });
  new Gauge({
    name: 'tributary_hot_users_bytes',
    help: 'Estimated memory of the users at hand',
    registers: [stage.metrics.registry],
    collect() {
      this.set(processor.hotUsers().bytes);
    },
  });
  const refresher = new Refresher({
    processor,
    log: stage.log,
    signal: stage.lifecycle.signal,
    onFailure: (error) => stage.lifecycle.fail(error),
  });
  stage.lifecycle.onStop('refresher', () => refresher.close());

  stage.http.get<{ Params: { id: string } }>('/users/:id', async ({ params: { id } }) => {
    const interests = await store.readInterests(id);
    if (interests === undefined) {
      throw new TributaryError('user.unknown', `no action of user ${id} is known`, {
        field: 'id',
        status: 404,
      });
    }
    return interests;
  });

  return async () => {
    const follower = await stage.follow(
      {
        embeddings: ({ key, value }) => vectors.takeEmbedding(key, value),
        releases: ({ key, value }) => vectors.takeRelease(key, value),
      },
      // What the index is asked for includes what came before.
      config.vectorCacheItems > 0 ? { embeddings: Date.now() } : {},
    );
    await follower.caughtUp;
    vectors.takeCaughtUp();
    await stage.consume('', { actions: processor.handle }, (partitions) => {
      processor.forgetPartitions();
      refresher.assign(partitions);
    });
  };
});

function askIndex(
  stage: StagePorts,
  { indexUrl, vectorCacheItems }: InterestsConfig,
  events: Pick<IndexVectorsOptions, 'onFlip' | 'onVector'>,
): IndexVectors {
  const index = createPeer({ name: 'index', url: indexUrl });
  stage.lifecycle.onStop('index', () => index.close());
  return new IndexVectors({
    ...events,
    index,
    maximum: vectorCacheItems,
    signal: stage.lifecycle.signal,
    onWait: (reason) => stage.log.warn({ reason }, 'waiting for the index'),
  });
}
