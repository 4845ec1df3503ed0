import type { Kafka } from 'kafkajs';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import type { Item, ItemEmbedding, Release, UserAction } from '#contracts/generated/records.ts';
import { createRegistry } from '#contracts/registry.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { createProducer } from '#platform/kafka/producer.ts';
import { createMetrics } from '#platform/observability/metrics.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { localUrl, STAGE_NAMES, urlVariable } from '#stages/stages.ts';
import { applyTopics } from '#topics/apply.ts';
import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { connectKafka } from '#topics/connection.ts';
import { listTopics } from '#topics/list.ts';
import { createTopicCodec } from '#topics/topic-codec.ts';
import { freePort } from '../local/ports.ts';
import type { ProcessFailedError } from '../local/processes.ts';
import type { StackAddresses } from '../local/stack.ts';
import { startStages } from '../local/stages.ts';

/** The gateway with all stages behind it that answer its requests. */
export interface RunningApi {
  readonly url: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly kafka: Kafka;
  /** Writes a message that no stage can read, and resolves when it is a dead letter. */
  rejectOne(): Promise<void>;
  stop(): Promise<void>;
}

/** The served generation, and one that was served before. */
export const API_GENERATION = '20260101T000000000Z';
export const FORMER_API_GENERATION = '20251201T000000000Z';
/** All that answer requests; nothing is trained here. */
const STAGES_OF_API = STAGE_NAMES.filter((name) => name !== 'retrain');
const ITEMS = 60;
const GROUPS = 4;
const USERS = 6;
const DIMENSION = 8;
const READY_MS = 60_000;

/** Users and items that exist, by the examples in the documentation. */
export const KNOWN_USER = '2375';
export const KNOWN_ITEM = '1082185';
/** Where the catalogue says that the pictures of some items are. Nothing is served there. */
export const PICTURES = 'https://pictures.example';

/**
 * Starts the stages on empty servers, with a catalogue in four categories, a generation in which each category is a direction, and
 * users who acted in two of them.
 */
export async function startApi(
  env: StackAddresses,
  runDirectory: string,
  onExit: (error: ProcessFailedError) => void,
): Promise<RunningApi> {
  const kafka = connectKafka(env.KAFKA_BROKERS.split(','));
  const registry = createRegistry({ url: env.SCHEMA_REGISTRY_URL });
  await applyTopics({ kafka, registry, namespace: '' });
  await fillLog(kafka, createTopicCodec(registry, ''));
  const ports = Object.fromEntries(
    await Promise.all(STAGES_OF_API.map(async (name) => [name, await freePort()])),
  );
  const peers = STAGES_OF_API.map((name) => [urlVariable(name), localUrl(ports[name]!)]);
  const stages = await startStages({
    names: STAGES_OF_API,
    ports,
    runDirectory,
    env: {
      ...env,
      TRIBUTARY_NAMESPACE: '',
      TRIBUTARY_LOG_LEVEL: 'warn',
      TRIBUTARY_GATEWAY_CONSOLE_ACTIONS: 'on',
      ...Object.fromEntries(peers),
    },
    onExit,
  });
  const url = localUrl(ports.gateway!);
  await waitFor(
    async () => {
      const answers = await Promise.all(
        [`/v1/items/${KNOWN_ITEM}/similar`, `/v1/users/${KNOWN_USER}/interests`].map((path) =>
          fetch(`${url}${path}`),
        ),
      );
      return answers.every(({ ok }) => ok);
    },
    { message: 'a served generation and interests', timeoutMs: READY_MS },
  );
  return { url, ports, kafka, rejectOne: () => rejectOne(kafka), stop: () => stages.stop() };
}

async function rejectOne(kafka: Kafka): Promise<void> {
  const producer = await createProducer({ kafka, metrics: createMetrics('api') });
  await producer.send('proposals', { key: KNOWN_USER, value: Buffer.from('no proposal') });
  await producer.close();
  const letters = async (): Promise<number> => {
    const listing = await listTopics(kafka, '');
    return listing.find(({ name }) => name === 'dead-letters')?.actual?.messages ?? 0;
  };
  await waitFor(async () => (await letters()) > 0, { message: 'a dead letter', timeoutMs: READY_MS });
}

async function fillLog(kafka: Kafka, codec: ReturnType<typeof createTopicCodec>): Promise<void> {
  const names = ['items', 'embeddings', 'releases', 'actions'] as const;
  await codec.prepare(names.map((name) => CATALOG[name].schema));
  const producer = await createProducer({ kafka, metrics: createMetrics('api') });
  const write = <T extends TopicName>(topic: T, key: string, value: TopicValue<T>) =>
    producer.send(topic, { key, value: codec.encode(CATALOG[topic].schema, value as never) });
  const now = Date.now();
  const itemIds = Array.from({ length: ITEMS }, (_, place) => (place === 0 ? KNOWN_ITEM : `item-${place}`));
  await Promise.all(
    itemIds.flatMap((itemId, place) => [
      write('items', itemId, anItemOf(itemId, place, now)),
      ...[FORMER_API_GENERATION, API_GENERATION].map((generation) =>
        write('embeddings', embeddingKey({ generation, itemId }), embeddingOf(generation, itemId, place)),
      ),
    ]),
  );
  await write('releases', FORMER_API_GENERATION, {
    ...releaseOf(FORMER_API_GENERATION, now),
    state: 'retired',
  });
  await write('releases', API_GENERATION, releaseOf(API_GENERATION, now));
  await Promise.all(
    Array.from({ length: USERS }, (_, user) => (user === 0 ? KNOWN_USER : `user-${user}`)).flatMap(
      (userId, user) =>
        itemIds
          .filter((_, place) => place % GROUPS === user % GROUPS || place % 11 === user)
          .slice(0, 12)
          .map((itemId, place) => write('actions', userId, actionOf(userId, itemId, place, now))),
    ),
  );
  await producer.close();
}

function anItemOf(itemId: string, place: number, now: number): Item {
  const category = ['Dairy', 'Bakery', 'Fruit', 'Snacks'][place % GROUPS]!;
  return {
    itemId,
    title: `${category} ${place}`,
    text: '',
    categories: [category],
    attributes: {
      brand: place % 2 === 0 ? 'Store' : 'Other',
      ...(place % 3 === 0 && { image: `${PICTURES}/${itemId}.svg` }),
    },
    vector: null,
    availability: 'available',
    updatedAt: now,
  };
}

/** The group of an item is a direction, and a little of its place another, so that no two items are duplicates. */
function embeddingOf(generation: string, itemId: string, place: number): ItemEmbedding {
  const vector = new Float32Array(DIMENSION);
  vector[place % GROUPS] = 1;
  vector[GROUPS + (place % (DIMENSION - GROUPS))]! += 0.1 + place / 100;
  const length = Math.hypot(...vector);
  return {
    generation,
    itemId,
    vector: encodeVector(vector.map((component) => component / length)),
    origin: 'trained',
    basis: null,
  };
}

function releaseOf(generation: string, now: number): Release {
  return {
    generation,
    state: 'ready',
    dimension: DIMENSION,
    alpha: 0.5,
    itemCount: ITEMS,
    actionCount: 0,
    createdAt: now,
    updatedAt: now,
    metrics: {},
    modelCard: '{}',
    reason: null,
    follows: null,
  };
}

function actionOf(userId: string, itemId: string, place: number, now: number): UserAction {
  const occurredAt = now - (place + 1) * 3_600_000;
  return {
    eventId: `${userId}-${itemId}`,
    userId,
    itemId,
    type: place % 3 === 0 ? 'view' : 'buy',
    occurredAt,
    receivedAt: occurredAt,
    contextId: null,
    value: null,
    slateId: null,
    slot: null,
  };
}
