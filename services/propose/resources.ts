import { TAKER_HALF_LIVES } from '#algorithms/combiner/traits.ts';
import { ArtefactReader } from '#artefacts/reader.ts';
import { connectIndex } from '#index-client/connect.ts';
import type { FollowHandlers, StagePorts } from '#platform/stage.ts';
import type { TopicName } from '#topics/catalog.ts';
import { Categories } from './categories.ts';
import type { ProposeConfig } from './config.ts';
import { LiveEmbeddings } from './embeddings/live-embeddings.ts';
import { Intervals } from './intervals.ts';
import { LiveTakers } from './live-takers.ts';
import { Popularity, popularityHorizon } from './popularity.ts';
import type { Need, Resources } from './proposers/proposer.ts';
import { Sessions } from './sessions.ts';
import { Takers } from './takers.ts';

/** Time between two computations of the highest count, which is the scale of popularity, ms. */
const RESCALE_EVERY_MS = 2_000;

/** Lists of sessions wait until the action that they answer was read here too. */
const SESSIONS_REST_MS = 15;

/** A resource with its share of the log. */
interface Opened<R> {
  readonly resource: R;
  /** The topics that it reads. */
  readonly handlers?: FollowHandlers;
  /** Message timestamps from which it reads a topic, ms; without one from the beginning. */
  readonly since?: { readonly [T in TopicName]?: number };
  /** Longest rest between two fetches that its users bear, ms. */
  readonly restMs?: number;
  /** Called when the topics were read to their ends. */
  readonly onCaughtUp?: () => void;
}

type Opener<R extends keyof Resources> = (
  stage: StagePorts,
  config: ProposeConfig,
  /** Partitions of the topics keyed by userId. */
  userPartitions: number,
) => Opened<Resources[R]>;

/** How each resource is opened and, when the stage drains, closed. */
const OPENERS: { readonly [R in keyof Resources]: Opener<R> } = {
  index: ({ lifecycle }, { indexUrls }) => {
    const index = connectIndex({ urls: indexUrls });
    lifecycle.onStop('index', () => index.close());
    return { resource: index };
  },
  embeddings: ({ lifecycle }, config, userPartitions) => {
    const takers = new Takers(config, userPartitions);
    const now = () => performance.now();
    const { duplicateCosine, priorHalfLifeDays } = config;
    const embeddings = new LiveEmbeddings({ popularity: takers, duplicateCosine, now });
    const timer = setInterval(() => takers.rescale(), RESCALE_EVERY_MS);
    lifecycle.onStop('takers', () => clearInterval(timer));
    return {
      resource: embeddings,
      handlers: {
        ...embeddings.handlers,
        actions: ({ value, key, timestamp, partition }) =>
          void (value !== null && takers.apply({ value, key, timestamp }, partition)),
      },
      since: { actions: popularityHorizon(Date.now(), priorHalfLifeDays) },
      onCaughtUp: () => {
        takers.rescale();
        embeddings.markCaughtUp();
      },
    };
  },
  popularity: ({ lifecycle }, config, userPartitions) => {
    const popularity = new Popularity(config, userPartitions);
    const timer = setInterval(() => popularity.top(1), RESCALE_EVERY_MS);
    lifecycle.onStop('popularity', () => clearInterval(timer));
    return {
      resource: popularity,
      handlers: {
        actions: ({ value, key, timestamp, partition }) =>
          void (value !== null && popularity.apply({ value, key, timestamp }, partition)),
      },
      since: { actions: popularityHorizon(Date.now(), config.halfLifeDays) },
      onCaughtUp: () => void popularity.top(1),
    };
  },
  takers: (_stage, config, userPartitions) => {
    const takers = new LiveTakers(config, userPartitions);
    const longest = Math.max(...TAKER_HALF_LIVES);
    return {
      resource: takers,
      handlers: {
        actions: ({ value, key, timestamp, partition }) =>
          void (value !== null && takers.apply({ value, key, timestamp }, partition)),
      },
      since: { actions: popularityHorizon(Date.now(), longest) },
    };
  },
  intervals: (_stage, config, userPartitions) => {
    const intervals = new Intervals(config, userPartitions);
    return {
      resource: intervals,
      handlers: {
        actions: ({ value, key, timestamp, partition }) =>
          void (value !== null && intervals.apply({ value, key, timestamp }, partition)),
      },
      since: { actions: popularityHorizon(Date.now(), config.priorHalfLifeDays) },
    };
  },
  categories: () => {
    const categories = new Categories();
    return {
      resource: categories,
      handlers: { items: ({ key, value }) => void categories.apply(key, value) },
    };
  },
  sessions: (_stage, config, userPartitions) => {
    const sessions = new Sessions(config, userPartitions);
    return {
      resource: sessions,
      handlers: {
        actions: ({ value, key, timestamp, partition, offset }) =>
          void (value !== null && sessions.apply({ value, key, timestamp }, partition, offset)),
      },
      restMs: SESSIONS_REST_MS,
    };
  },
  artefacts: ({ log }, { proposers }) => {
    const models = proposers.flatMap(({ artefacts }) => artefacts);
    const shared = models.find((model, place) => models.indexOf(model) < place);
    if (shared !== undefined)
      throw new Error(
        `two models name the artefact ${shared}, and only one can decode it: let one model use it for both`,
      );
    const reader = new ArtefactReader({ models, log, now: () => performance.now() });
    return { resource: reader, handlers: reader.handlers };
  },
};

/** Opens what the models of this process need; resolves when it is ready. */
export async function openResources(stage: StagePorts, config: ProposeConfig): Promise<Partial<Resources>> {
  const needs = new Set<Need>(config.proposers.flatMap((proposer) => proposer.needs));
  const names = (Object.keys(OPENERS) as (keyof Resources)[]).filter((name) => needs.has(name));
  const userPartitions = await stage.partitionsOf('actions');
  const opened = names.map((name) => OPENERS[name](stage, config, userPartitions) as Opened<unknown>);
  const { handlers, since } = merge(opened);
  const restMs = opened.find((one) => one.restMs !== undefined)?.restMs;
  if (Object.keys(handlers).length > 0) await (await stage.follow(handlers, since, restMs)).caughtUp;
  for (const { onCaughtUp } of opened) onCaughtUp?.();
  return Object.fromEntries(names.map((name, place) => [name, opened[place]!.resource]));
}

/** One reader of the log for all resources: a message of a topic that several of them read is decoded once. */
function merge(opened: readonly Opened<unknown>[]): Required<Pick<Opened<unknown>, 'handlers' | 'since'>> {
  const handlers: Record<string, (message: never) => void | Promise<void>> = {};
  const since: Record<string, number> = {};
  for (const { handlers: own = {}, since: from = {} } of opened) {
    for (const [topic, apply] of Object.entries(own)) {
      const before = handlers[topic];
      const oldest = before === undefined ? Number.POSITIVE_INFINITY : (since[topic] ?? 0);
      since[topic] = Math.min(oldest, from[topic as TopicName] ?? 0);
      handlers[topic] = before === undefined ? (apply as never) : both(before, apply as never);
    }
  }
  const bounded = Object.entries(since).filter(([, timestamp]) => timestamp > 0);
  return { handlers: handlers as FollowHandlers, since: Object.fromEntries(bounded) };
}

type Apply = (message: never) => void | Promise<void>;

function both(first: Apply, second: Apply): Apply {
  return (message) => {
    const done = [first(message), second(message)];
    if (done.some((one) => one instanceof Promise)) return Promise.all(done).then(() => undefined);
    return undefined;
  };
}
