import { ArtefactReader } from '#artefacts/reader.ts';
import { connectIndex } from '#index-client/connect.ts';
import type { StagePorts } from '#platform/stage.ts';
import { CATALOG } from '#topics/catalog.ts';
import type { ProposeConfig } from './config.ts';
import { Popularity, popularityHorizon } from './popularity.ts';
import type { Need, Resources } from './proposers/proposer.ts';

/** Time between two computations of the highest count, which is the scale of popularity, ms. */
const RESCALE_EVERY_MS = 2_000;

type Opener<R extends keyof Resources> = (stage: StagePorts, config: ProposeConfig) => Promise<Resources[R]>;

/** How each resource is opened and, when the stage drains, closed. */
const OPENERS: { readonly [R in keyof Resources]: Opener<R> } = {
  index: async ({ lifecycle }, { indexUrls }) => {
    const index = connectIndex({ urls: indexUrls });
    lifecycle.onStop('index', () => index.close());
    return index;
  },
  popularity: async (stage, config) => {
    const popularity = new Popularity(config, CATALOG.actions.partitions);
    const follower = await stage.follow(
      {
        actions: ({ value, key, timestamp, partition }) =>
          void (value !== null && popularity.apply({ value, key, timestamp }, partition)),
      },
      { actions: popularityHorizon(Date.now(), config.halfLifeDays) },
    );
    await follower.caughtUp;
    popularity.top(1);
    const timer = setInterval(() => popularity.top(1), RESCALE_EVERY_MS);
    stage.lifecycle.onStop('popularity', () => clearInterval(timer));
    return popularity;
  },
  artefacts: async (stage, { proposers }) => {
    const models = [...new Set(proposers.flatMap(({ artefacts }) => artefacts))];
    const reader = new ArtefactReader({ models, log: stage.log, now: () => performance.now() });
    const follower = await stage.follow(reader.handlers);
    await follower.caughtUp;
    return reader;
  },
};

/** Opens what the models of this process need; resolves when it is ready. */
export async function openResources(stage: StagePorts, config: ProposeConfig): Promise<Partial<Resources>> {
  const needs = new Set<Need>(config.proposers.flatMap((proposer) => proposer.needs));
  const opened: { -readonly [R in keyof Resources]?: Resources[R] } = {};
  for (const name of Object.keys(OPENERS) as (keyof Resources)[]) {
    if (needs.has(name)) Object.assign(opened, { [name]: await OPENERS[name](stage, config) });
  }
  return opened;
}
