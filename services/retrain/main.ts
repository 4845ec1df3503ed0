import type { Release } from '#contracts/generated/records.ts';
import { runStage } from '#platform/stage.ts';
import { ActionLog } from './action-log.ts';
import { ItemCatalogue } from './catalogue.ts';
import { readRetrainConfig } from './config.ts';
import { EmbeddedItems } from './embedded-items.ts';
import { NewItems } from './new-items.ts';
import { disposableGenerations, interruptedReleases } from './retirement.ts';
import { retrain } from './retraining.ts';
import { Schedule } from './schedule.ts';
import { trainInChild } from './training/train-in-child.ts';

/** How often new items are embedded and generations that are over leave the log, ms. */
const UPKEEP_MS = 250;

await runStage('retrain', async (stage) => {
  const config = readRetrainConfig();
  const actions = new ActionLog(config.actionWeights);
  const catalogue = new ItemCatalogue();
  const embedded = new EmbeddedItems();
  const newItems = new NewItems(catalogue, embedded);
  const releases = new Map<string, Release>();
  const { log, lifecycle } = stage;

  const publishRelease = async (release: Release): Promise<void> =>
    void (await stage.produce('releases', release.generation, release));
  const schedule = new Schedule({
    now: Date.now,
    onFailure: (generation, error) => log.error({ generation, err: error }, 'retraining failed'),
    retrain: (generation) =>
      retrain(generation, {
        config,
        log,
        actions,
        catalogue,
        now: Date.now,
        train: (input) =>
          trainInChild(input, (report) => log.info({ generation, ...report }, 'epoch'), lifecycle.signal),
        activeRelease: () => newItems.activeRelease,
        publishRelease,
        publishEmbedding: async (embedding) =>
          void (await stage.produce('embeddings', `${embedding.generation}/${embedding.itemId}`, embedding)),
        publishWeights: async (weights) =>
          void (await stage.produce('models', `${weights.model}/${weights.generation}`, weights)),
      }),
  });
  lifecycle.onStop('schedule', () => schedule.close());

  async function upkeep(): Promise<void> {
    const embeddings = newItems.embedWaiting();
    const over = disposableGenerations(releases.values(), config.generationsKept).flatMap((generation) =>
      embedded.drain(generation),
    );
    await Promise.all([
      ...embeddings.map((embedding) =>
        stage.produce('embeddings', `${embedding.generation}/${embedding.itemId}`, embedding),
      ),
      ...over.map((key) => stage.produce('embeddings', key, null)),
    ]);
    if (embeddings.length > 0) log.info({ items: embeddings.length }, 'new items embedded');
    if (over.length > 0) log.info({ embeddings: over.length }, 'embeddings of past generations removed');
  }

  stage.http.get('/status', async () => schedule.status);
  stage.http.post('/retrain', async (_request, reply) => {
    reply.code(202);
    return { generation: schedule.start() };
  });

  return async () => {
    const follower = await stage.follow({
      actions: ({ value }) => void (value !== null && actions.take(value)),
      items({ key, value }) {
        catalogue.take(key, value);
        newItems.takeItem(key);
      },
      embeddings: ({ key, value }) => embedded.take(key, value === null),
      models: ({ value }) => void (value !== null && newItems.takeWeights(value)),
      releases({ key, value }) {
        if (value === null) releases.delete(key);
        else {
          releases.set(key, value);
          newItems.takeRelease(value);
        }
      },
    });
    await follower.caughtUp;
    await Promise.all(interruptedReleases(releases.values(), Date.now()).map(publishRelease));
    const timer = setInterval(() => void upkeep().catch((error) => lifecycle.fail(error)), UPKEEP_MS);
    lifecycle.onStop('upkeep', () => clearInterval(timer));
    schedule.every(config.intervalMs);
  };
});
