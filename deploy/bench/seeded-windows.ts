import type { Redis } from 'ioredis';
import { Partitioners } from 'kafkajs';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { encodeClustering } from '#algorithms/pinnersage/incremental-codec.ts';
import { readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import type { ActionWindow, WindowAction } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { encodeDerived } from '../../services/interests/record-codec.ts';
import { createRedisStore } from '../../services/interests/redis-store.ts';
import type { RecordWrite } from '../../services/interests/store.ts';
import type { RealWindows } from './windows.ts';

/** The generation in which the users are clustered. */
export const BENCH_GENERATION = 'bench';
const AT_A_TIME = 1_000;
/** Offset of the records: before all actions of the topic. */
const SEEDED = -1;
const workspace = new ForestWorkspace();

/**
 * Publishes the vectors of items, and their release, which is active.
 * @param at its time, ms
 * @param itemIds all that were bought by default
 */
export async function publishVectors(
  namespace: TestNamespace,
  { alpha, vectorOf, histories }: RealWindows,
  at: number,
  itemIds: readonly string[] = [
    ...new Set(histories.flatMap((history) => history.map(({ itemId }) => itemId))),
  ],
): Promise<void> {
  const messages = itemIds.map((itemId) => {
    const embedding = {
      generation: BENCH_GENERATION,
      itemId,
      vector: encodeVector(vectorOf(itemId)!),
      origin: 'trained' as const,
      basis: null,
    };
    return { key: `${BENCH_GENERATION}/${itemId}`, value: namespace.encode('ItemEmbedding', embedding) };
  });
  await sendAll(namespace, 'embeddings', messages);
  const release = {
    generation: BENCH_GENERATION,
    state: 'active' as const,
    dimension: vectorOf(itemIds[0]!)!.length,
    alpha,
    itemCount: itemIds.length,
    actionCount: 0,
    createdAt: at,
    updatedAt: at,
    metrics: {},
    modelCard: '',
    reason: null,
    follows: null,
  };
  await sendAll(namespace, 'releases', [
    { key: BENCH_GENERATION, value: namespace.encode('Release', release) },
  ]);
}

/**
 * Writes the windows of users as the stage would have stored them. Many users may share one household's window; its times
 * are shifted so that it ends at `endAt`, ms.
 */
export async function seedWindows(
  redis: Redis,
  { namespace, encode }: TestNamespace,
  real: RealWindows,
  crowd: {
    readonly userIds: readonly string[];
    readonly windows: readonly (readonly WindowAction[])[];
    readonly endAt: number;
  },
): Promise<void> {
  const { userIds, endAt } = crowd;
  const store = createRedisStore(redis, (...parts) => [namespace, ...parts].join(':'));
  const windows = crowd.windows.map((actions) => {
    const shift = endAt - (actions.at(-1)?.occurredAt ?? endAt);
    const window = { actions: actions.map((one) => ({ ...one, occurredAt: one.occurredAt + shift })) };
    const clustering = clusteringOf(window, real, endAt);
    return { size: window.actions.length, base: encodeWindow(window), clustering };
  });
  // Records without a head would be taken for the rest of an interrupted deletion.
  for (let partition = 0; partition < USER_PARTITIONS; partition++)
    await store.writeHead(partition, { offset: SEEDED, topicId: undefined, incarnation: 'seeded' });
  for (let first = 0; first < userIds.length; first += AT_A_TIME) {
    const byPartition = new Map<number, RecordWrite[]>();
    for (const [i, userId] of userIds.slice(first, first + AT_A_TIME).entries()) {
      const { size, base, clustering } = windows[(first + i) % windows.length]!;
      const state = { generation: BENCH_GENERATION, streamTime: endAt, receivedAt: endAt, unknownItems: 0 };
      const empty = { userId, version: SEEDED, medoids: [], recent: [] };
      const interests = encode('UserInterests', { ...state, ...empty, windowSize: size });
      const derived = encodeDerived({ ...state, clustering });
      const partition = partitionOfKey(userId, USER_PARTITIONS);
      const writes = byPartition.get(partition) ?? [];
      byPartition.set(partition, writes);
      writes.push({ userId, offset: SEEDED, window: { base }, derived, interests });
    }
    for (const [partition, writes] of byPartition) await store.write(partition, writes, {});
  }
}

/** The record as the stage would have stored it. */
function clusteringOf(window: ActionWindow, { alpha, vectorOf }: RealWindows, now: number): Uint8Array {
  const options = { lambdaPerDay: DEFAULT_LAMBDA_PER_DAY, actionWeights: DEFAULT_ACTION_WEIGHTS };
  const reading = readWindow(window, {}, options);
  const { clustering } = recluster(reading, undefined, vectorOf, { alpha, now }, workspace);
  return encodeClustering(clustering!);
}

/** Writes messages in order, in requests of a thousand. */
export async function sendAll(
  { kafka, topicOf }: TestNamespace,
  topic: 'actions' | 'embeddings' | 'items' | 'releases',
  messages: { key: string; value: Buffer }[],
): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let start = 0; start < messages.length; start += AT_A_TIME) {
    await producer.send({
      topic: topicOf(topic),
      acks: -1,
      messages: messages.slice(start, start + AT_A_TIME),
    });
  }
  await producer.disconnect();
}
