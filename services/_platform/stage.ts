import type { FastifyInstance } from 'fastify';
import type { Redis } from 'ioredis';
import type { Kafka } from 'kafkajs';
import type { Logger } from 'pino';
import type { Codec } from '#contracts/codec.ts';
import { TributaryError } from '#contracts/errors.ts';
import { patiently } from '#contracts/patience.ts';
import { createRegistry } from '#contracts/registry.ts';
import { CATALOG, qualifiedTopic, TOPICS, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { readPartitionCount } from '#topics/user-partitions.ts';
import {
  kafkaSecurityOf,
  PLATFORM_SETTINGS,
  type PlatformConfig,
  portSetting,
  readConfig,
} from './config.ts';
import { createHttpDrain, type HttpDrain } from './http/drain.ts';
import { createHttpServer, type ReadinessCheck } from './http/server.ts';
import type { BatchHandler } from './kafka/batches-together.ts';
import { createKafka } from './kafka/client.ts';
import { type Consumption, consume, type Subscription } from './kafka/consumer.ts';
import { sendDeadLetters } from './kafka/dead-letters.ts';
import { type Followed, type Follower, follow } from './kafka/follower.ts';
import type { HeldState } from './kafka/held-state.ts';
import type { Acknowledgement } from './kafka/lanes.ts';
import type { FollowedMessage } from './kafka/messages.ts';
import { createProducer } from './kafka/producer.ts';
import { untilAcknowledged } from './kafka/until-acknowledged.ts';
import { createLifecycle, type Lifecycle } from './lifecycle.ts';
import { createLogger } from './observability/logger.ts';
import { createMetrics, type StageMetrics } from './observability/metrics.ts';
import { TRACE_HEADER } from './observability/trace.ts';
import { createTracer, traced } from './observability/tracer.ts';
import { connectRedis, REDIS_WAIT_MS } from './redis/client.ts';

/**
 * Shares of the drain deadline for which HTTP requests in flight are waited for: first before the consumers stop and commit,
 * then once they have.
 */
const HTTP_GRACE = 0.1;
const STRAGGLERS_GRACE = 0.5;
/** Largest share of it in which the stage takes leave of its clients. */
const MOST_FAREWELL = 0.3;

/** A handler sends what came of a fetch in one turn of the event loop; requests over HTTP come one by one. */
const HANDLER_LINGER_MS = 1;

/** One handler per topic. */
export type BatchHandlers = {
  readonly [T in TopicName]?: BatchHandler<TopicValue<T>>;
};
export type FollowHandlers = {
  readonly [T in TopicName]?: (message: FollowedMessage<TopicValue<T>>) => void | Promise<void>;
};

export interface ConsumeGroupOptions {
  /** Called with the partitions this process owns, after each rebalance. */
  readonly onAssigned?: (partitions: number[]) => void;
  /**
   * Shortest time between two fetches with messages, ms. A stage for which nobody waits handles larger batches, which cost less.
   * Default: that of `consume`.
   */
  readonly restMs?: number;
  /** What the handlers keep in Redis, by topics without the namespace: compared with the log, and rebuilt if it is lost. */
  readonly state?: HeldState;
}

export interface ProduceOptions {
  /** Trace context to pass on. */
  readonly trace?: string | undefined;
  /** Milliseconds since the epoch. Default: now. */
  readonly timestamp?: number;
  /** Overrides the partition of the key. */
  readonly partition?: number;
  /** Longest time until the write begins, ms; after it the message is not written, and the promise rejects. Default: no limit. */
  readonly withinMs?: number;
  /**
   * Repeats the write until the brokers acknowledge it or the stage drains: for handlers, whose work would be read again after a
   * restart of the stage anyway. Default false.
   */
  readonly insists?: boolean;
}

/** The ports of a stage: its inputs and outputs, already connected, and closed in the right order when it drains. */
export interface StagePorts {
  readonly name: string;
  readonly config: PlatformConfig;
  readonly log: Logger;
  readonly metrics: StageMetrics;
  readonly lifecycle: Lifecycle;
  readonly http: FastifyInstance;
  readonly kafka: Kafka;
  readonly codec: Codec;
  /** Returns the name of a topic inside the namespace. */
  topic(name: TopicName): string;
  /** Returns a Redis key inside the namespace: `key('interests', '3', userId)` → `shop:interests:3:user`. */
  key(...parts: string[]): string;
  connectRedis(): Promise<Redis>;
  /** Number of partitions of a topic, which those of all users have in common, and which never changes. */
  partitionsOf(topic: TopicName): Promise<number>;
  /** Adds a condition of readiness, which returns undefined if it holds, else a description of the missing part. */
  readyWhen(check: ReadinessCheck): void;
  /** Resolves when all in-sync replicas have the message; `value` null writes a tombstone. */
  produce<T extends TopicName>(
    topic: T,
    key: string,
    value: TopicValue<T> | null,
    options?: ProduceOptions,
  ): Promise<Acknowledgement>;
  /** As `produce`, for a value that the codec has encoded already. */
  produceEncoded(
    topic: TopicName,
    key: string,
    value: Buffer | null,
    options?: ProduceOptions,
  ): Promise<Acknowledgement>;
  /** Joins the group `<stage>.<group>`, or `<stage>` if the group is the empty text. */
  consume(group: string, handlers: BatchHandlers, options?: ConsumeGroupOptions): Promise<Consumption>;
  /**
   * Reads whole topics and then follows them; the stage is ready only after it has caught up. The order of the handlers is that in
   * which the ends of the topics are looked up: `follow` says why it matters.
   * @param since message timestamps to start from instead of the beginning, ms
   * @param restMs shortest time between two fetches with messages, ms; default: that of `follow`
   */
  follow(
    handlers: FollowHandlers,
    since?: { readonly [T in TopicName]?: number },
    restMs?: number,
  ): Promise<Follower>;
}

/**
 * Composes a stage. The function that it returns runs once the stage listens; the stage is ready when that function
 * resolves.
 */
export type SetUp = (stage: StagePorts) => Promise<undefined | (() => Promise<void>)>;

/** The identity of a stage. */
export interface StageIdentity {
  /** Its name in logs, metrics, consumer groups and Kafka client ids. */
  readonly name: string;
  /** The port that it listens on unless TRIBUTARY_STAGE_PORT says otherwise; 0 takes a free one. */
  readonly port: number;
}

/**
 * Runs a stage: connects, calls `setUp` to compose it, listens, starts, becomes ready, and drains on SIGTERM or
 * SIGINT. An error during the start is logged with its remedy and exits with 1.
 */
export async function runStage({ name, port }: StageIdentity, setUp: SetUp): Promise<void> {
  let config: PlatformConfig;
  try {
    config = readConfig({ ...PLATFORM_SETTINGS, port: portSetting(port) }, process.env);
    kafkaSecurityOf(config);
  } catch (error) {
    process.stderr.write(`${name} cannot start:\n${(error as Error).message}\n`);
    process.exit(1);
  }
  const log = createLogger(name, config.logLevel);
  const lifecycle = createLifecycle({
    log,
    deadlineMs: config.drainDeadlineMs,
    exit: (code) => process.exit(code),
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void lifecycle.stop(signal));
  process.on('uncaughtException', (error) => lifecycle.fail(error));
  process.on('unhandledRejection', (error) => lifecycle.fail(error));
  try {
    const { stage, httpDrain } = await createStage(name, config, log, lifecycle);
    const start = await setUp(stage);
    lifecycle.onStop('http', () => httpDrain.stopAccepting(config.drainDeadlineMs * HTTP_GRACE));
    const address = await listen(stage.http, config);
    log.info({ address }, 'listening');
    await start?.();
    lifecycle.markReady();
  } catch (error) {
    lifecycle.fail(error);
  }
}

/** @throws TributaryError `port.in-use` */
async function listen(http: FastifyInstance, { host, port }: PlatformConfig): Promise<string> {
  try {
    return await http.listen({ host, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new TributaryError('port.in-use', `another process listens on ${host}:${port}`, { cause: error });
  }
}

async function createStage(
  name: string,
  config: PlatformConfig,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ stage: StagePorts; httpDrain: HttpDrain }> {
  const metrics = createMetrics(name);
  const readiness: ReadinessCheck[] = [];
  const prefix = config.namespace === '' ? '' : `${config.namespace}.`;
  const topic = (topicName: TopicName): string => qualifiedTopic(config.namespace, topicName);
  const kafka = createKafka({
    brokers: config.brokers,
    clientId: name,
    log,
    security: kafkaSecurityOf(config),
  });
  const codec = await patiently(() => prepareCodec(config), {
    patienceMs: config.startPatienceMs,
    onWait: (err) => log.warn({ err }, 'waiting for the Schema Registry'),
  });
  const { namespace, collectorUrl, traceShare } = config;
  const tracer =
    collectorUrl === ''
      ? undefined
      : await createTracer({
          stage: name,
          namespace,
          url: collectorUrl,
          share: traceShare,
          onExport: (outcome, count) => metrics.spans.inc({ outcome }, count),
        });
  if (tracer !== undefined) lifecycle.onStop('tracer', () => tracer.close());
  const producer = await patiently(() => createProducer({ kafka, metrics }), {
    patienceMs: config.startPatienceMs,
    onWait: (err) => log.warn({ err }, 'waiting for Kafka'),
  });
  lifecycle.onStop('producer', () => producer.close());
  const http = createHttpServer({ log, lifecycle, metrics, readiness, tracer });
  const httpDrain = createHttpDrain(
    http,
    Math.min(config.farewellMs, config.drainDeadlineMs * MOST_FAREWELL),
  );
  lifecycle.onStop('http connections', () =>
    httpDrain.closeStragglers(config.drainDeadlineMs * STRAGGLERS_GRACE),
  );

  const consumptions = new Set<Consumption>();
  const partitionCounts = new Map<TopicName, Promise<number>>();
  const stage: StagePorts = {
    name,
    config,
    log,
    metrics,
    lifecycle,
    kafka,
    codec,
    topic,
    http,
    key: (...parts) => [config.namespace, ...parts].filter((part) => part !== '').join(':'),
    async connectRedis() {
      const onReconnected = (): void => {
        for (const consumption of consumptions) consumption.compareState();
      };
      const redis = await connectRedis({
        url: config.redisUrl,
        log,
        onReconnected,
        waitMs: Math.max(config.startPatienceMs, REDIS_WAIT_MS),
      });
      lifecycle.onStop('redis', async () => void (await redis.quit()));
      return redis;
    },
    partitionsOf(topicName) {
      const known =
        partitionCounts.get(topicName) ??
        patiently(() => readPartitionCount(kafka, topic(topicName)), {
          patienceMs: config.startPatienceMs,
          onWait: (err) => log.warn({ err }, 'waiting for Kafka'),
        });
      partitionCounts.set(topicName, known);
      return known;
    },
    readyWhen: (check) => void readiness.push(check),
    produce(topicName, key, value, options) {
      const encoded = value === null ? null : codec.encode(CATALOG[topicName].schema, value as never);
      return stage.produceEncoded(topicName, key, encoded, options);
    },
    produceEncoded(topicName, key, value, { trace, timestamp, partition, withinMs, insists = false } = {}) {
      const span = tracer?.continue(`publish ${topic(topicName)}`, 'producer', trace, {
        'messaging.system': 'kafka',
        'messaging.destination.name': topic(topicName),
      });
      const sent = span?.trace ?? trace;
      const message = {
        key,
        value,
        ...(sent === undefined ? {} : { headers: { [TRACE_HEADER]: sent } }),
        ...(timestamp === undefined ? {} : { timestamp }),
        ...(partition === undefined ? {} : { partition }),
        ...(withinMs === undefined ? {} : { withinMs }),
        ...(insists ? { lingerMs: HANDLER_LINGER_MS } : {}),
      };
      const write = (): Promise<Acknowledgement> => producer.send(topic(topicName), message);
      if (!insists) return traced(span, write());
      const acknowledged = untilAcknowledged(write, {
        signal: lifecycle.signal,
        onRepeat({ message: reason }) {
          log.warn({ topic: topicName, reason }, 'a write is not acknowledged; repeating it');
          metrics.rewrites.inc({ topic: topic(topicName) });
        },
      });
      return traced(span, acknowledged);
    },
    async consume(group, handlers, { onAssigned, restMs, state } = {}) {
      const consumption = await consume({
        kafka,
        groupId: `${prefix}${group === '' ? name : `${name}.${group}`}`,
        subscriptions: await Promise.all(
          Object.entries(handlers).map(async ([topicName, handle]) => ({
            ...(await decoding(topicName as TopicName)),
            handle: handle as Subscription<never>['handle'],
          })),
        ),
        log,
        metrics,
        tracer,
        deadLetter: ({ topic: source, partition }, rejections) =>
          sendDeadLetters(
            {
              stage: name,
              log,
              send: (key, letter) => stage.produce('dead-letters', key, letter, { insists: true }),
            },
            { topic: source.slice(prefix.length) as TopicName, partition },
            rejections,
          ),
        onFailure: (error) => lifecycle.fail(error),
        restMs,
        ...(onAssigned === undefined ? {} : { onAssigned }),
        ...(state === undefined ? {} : { state: withoutNamespace(state, prefix) }),
      });
      consumptions.add(consumption);
      lifecycle.onStop(`consumer ${group}`, () => {
        consumptions.delete(consumption);
        return consumption.stop();
      });
      return consumption;
    },
    async follow(handlers, since = {}, restMs) {
      const follower = await follow({
        kafka,
        groupPrefix: `${prefix}${name}`,
        followed: await Promise.all(
          Object.entries(handlers).map(async ([topicName, apply]) => ({
            ...(await decoding(topicName as TopicName)),
            apply: apply as Followed<never>['apply'],
            since: since[topicName as TopicName],
          })),
        ),
        log,
        onFailure: (error) => lifecycle.fail(error),
        restMs,
      });
      let caughtUp = false;
      void follower.caughtUp.then(() => {
        caughtUp = true;
        log.info({ topics: Object.keys(handlers) }, 'caught up');
      });
      readiness.push(() => (caughtUp ? undefined : `still reading ${Object.keys(handlers).join(', ')}`));
      lifecycle.onStop('follower', () => follower.close());
      return follower;
    },
  };

  async function decoding(topicName: TopicName): Promise<{
    topic: string;
    decode: (bytes: Buffer) => never | Promise<never>;
    userPartitions: number | undefined;
  }> {
    const { schema, key } = CATALOG[topicName];
    return {
      topic: topic(topicName),
      decode: (bytes) => codec.decode(schema, bytes) as never,
      userPartitions: key === 'userId' ? await stage.partitionsOf(topicName) : undefined,
    };
  }

  return { stage, httpDrain };
}

function withoutNamespace(state: HeldState, prefix: string): HeldState {
  return {
    ...state,
    readHead: (topic, partition) => state.readHead(topic.slice(prefix.length), partition),
    writeHead: (topic, partition, head) => state.writeHead(topic.slice(prefix.length), partition, head),
  };
}

async function prepareCodec({ registryUrl, namespace }: PlatformConfig): Promise<Codec> {
  const codec = createTopicCodec(createRegistry({ url: registryUrl }), namespace);
  await codec.prepare(TOPICS.map(({ schema }) => schema));
  return codec;
}
