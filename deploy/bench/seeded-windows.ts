import type { Redis } from 'ioredis';
import { Partitioners } from 'kafkajs';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { encodeClustering } from '#algorithms/pinnersage/incremental-codec.ts';
import { readWindow, recluster } from '#algorithms/pinnersage/incremental-interests.ts';
import { ForestWorkspace } from '#algorithms/pinnersage/incremental-workspace.ts';
import { DEFAULT_WINDOW_LIMITS, type WindowAction } from '#algorithms/pinnersage/window.ts';
import { encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import { encodeDerived } from '../../services/interests/record-codec.ts';
import { createRedisStore } from '../../services/interests/redis-store.ts';
import type { RecordWrite } from '../../services/interests/store.ts';
import { composeInterests } from '../../services/interests/update.ts';
import { Pipeline } from './live/pipeline.ts';
import type { RealWindows } from './windows.ts';

/** The generation in which the users are clustered. */
export const BENCH_GENERATION = 'bench';
/** Generations before it, as many as retrain keeps in the log by default. */
export const PAST_GENERATIONS = ['before-1', 'before-2'] as const;
const AT_A_TIME = 1_000;
/** Offset of the records: before all actions of the topic. */
const SEEDED = -1;
const workspace = new ForestWorkspace();

/**
 * Publishes the vectors of items, and their release.
 * @param at its time, ms
 * @param itemIds all that were bought by default
 * @param generation past ones are retired, and that of the users, the default, is active
 */
export async function publishVectors(
  namespace: TestNamespace,
  { alpha, vectorOf, histories }: RealWindows,
  at: number,
  itemIds: readonly string[] = [
    ...new Set(histories.flatMap((history) => history.map(({ itemId }) => itemId))),
  ],
  generation: string = BENCH_GENERATION,
): Promise<void> {
  const messages = itemIds.map((itemId) => {
    const embedding = {
      generation,
      itemId,
      vector: encodeVector(vectorOf(itemId)!),
      origin: 'trained' as const,
      basis: null,
    };
    return { key: `${generation}/${itemId}`, value: namespace.encode('ItemEmbedding', embedding) };
  });
  await sendAll(namespace, 'embeddings', messages);
  const release = {
    generation,
    state: generation === BENCH_GENERATION ? ('active' as const) : ('retired' as const),
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
  await sendAll(namespace, 'releases', [{ key: generation, value: namespace.encode('Release', release) }]);
}

/** A window as the stage would have stored it, for any user. */
interface SeededWindow {
  readonly window: { readonly base: Uint8Array };
  readonly derived: Uint8Array;
  /** Those of `ANYBODY`. */
  readonly interests: UserInterests;
}

/** Stands in records for the id of a user. */
export const ANYBODY = 'anybody of the bench';
/** Longest id whose length Avro writes in one byte. */
const MOST_ID_BYTES = 63;

/**
 * Writes the windows of users as the stage would have stored them. Many users may share one household's window; its times
 * are shifted so that it ends at `endAt`, ms.
 * @returns the interests of the windows; user i has those of window i modulo their number, with its own id
 */
export async function seedWindows(
  redis: Redis,
  { namespace, encode }: TestNamespace,
  real: RealWindows,
  crowd: {
    readonly userIds: readonly string[];
    readonly windows: readonly (readonly WindowAction[])[];
    readonly endAt: number;
    /** By partition, the offset of the last action that counts as handled; none by default. */
    readonly included?: readonly number[];
  },
): Promise<readonly UserInterests[]> {
  const { userIds, endAt, included = [] } = crowd;
  const store = createRedisStore(redis, (...parts) => [namespace, ...parts].join(':'), USER_PARTITIONS);
  const windows = crowd.windows.map((actions) => seededWindow(actions, real, endAt));
  const interestsOf = windows.map(({ interests }) => stamped(encode('UserInterests', interests)));
  // Records without a head would be taken for the rest of an interrupted deletion.
  for (let partition = 0; partition < USER_PARTITIONS; partition++)
    await store.writeHead(partition, {
      offset: included[partition] ?? SEEDED,
      topicId: undefined,
      incarnation: 'seeded',
    });
  const writing = new Pipeline('windows', userIds.length);
  for (let first = 0; first < userIds.length; first += AT_A_TIME) {
    const byPartition = new Map<number, RecordWrite[]>();
    for (const [i, userId] of userIds.slice(first, first + AT_A_TIME).entries()) {
      const template = (first + i) % windows.length;
      const { window, derived } = windows[template]!;
      const interests = interestsOf[template]!(userId);
      const partition = partitionOfKey(userId, USER_PARTITIONS);
      const writes = byPartition.get(partition) ?? [];
      byPartition.set(partition, writes);
      writes.push({ userId, offset: SEEDED, window, derived, interests });
    }
    await writing.add(
      [...byPartition].map(([partition, writes]) => store.write(partition, writes, {})),
      Math.min(AT_A_TIME, userIds.length - first),
    );
  }
  await writing.end();
  return windows.map(({ interests }) => interests);
}

/**
 * Encodes a record for many users: only the id of `ANYBODY` in its bytes is replaced, and the byte before it, which is its length.
 * @returns the bytes for the id of a user, of at most 63 bytes
 */
export function stamped(bytes: Buffer): (userId: string) => Buffer {
  const at = bytes.indexOf(ANYBODY);
  if (at < 1 || bytes.indexOf(ANYBODY, at + 1) >= 0)
    throw new Error('the record does not name the user once');
  const [before, after] = [bytes.subarray(0, at - 1), bytes.subarray(at + ANYBODY.length)];
  return (userId) => {
    const id = Buffer.from(userId);
    if (id.length > MOST_ID_BYTES) throw new RangeError(`the id ${userId} is too long for the bench`);
    return Buffer.concat([before, Buffer.of(2 * id.length), id, after]);
  };
}

function seededWindow(
  actions: readonly WindowAction[],
  { alpha, vectorOf }: RealWindows,
  endAt: number,
): SeededWindow {
  const shift = endAt - (actions.at(-1)?.occurredAt ?? endAt);
  const window = { actions: actions.map((one) => ({ ...one, occurredAt: one.occurredAt + shift })) };
  const options = { lambdaPerDay: DEFAULT_LAMBDA_PER_DAY, actionWeights: DEFAULT_ACTION_WEIGHTS };
  const reading = readWindow(window, {}, options);
  const found = recluster(reading, undefined, vectorOf, { alpha, now: endAt }, workspace);
  const state = {
    generation: BENCH_GENERATION,
    streamTime: endAt,
    receivedAt: endAt,
    unknownItems: found.unknownItems,
  };
  const at = { ...state, userId: ANYBODY, version: SEEDED };
  return {
    window: { base: encodeWindow(window) },
    derived: encodeDerived({ ...state, clustering: encodeClustering(found.clustering!) }),
    interests: composeInterests(window, at, found, {
      ...options,
      recentMaximum: DEFAULT_WINDOW_LIMITS.maximum,
    }),
  };
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
