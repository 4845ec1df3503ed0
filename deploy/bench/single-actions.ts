import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { type Kafka, Partitioners } from 'kafkajs';
import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { openTestNamespace } from '#topics/test-namespace.ts';
import { purchase, userIdOf } from './purchases.ts';
import { publishVectors, seedWindows, sendAll } from './seeded-windows.ts';
import { readStageSample, type StageSample } from './stage-sample.ts';
import { lastWindow, type RealWindows } from './windows.ts';

/** Users of one group; each acts once in a row of the table. */
const GROUP = 4_000;
const RATE = 1_000;
const TICK_MS = 10;
/** Enough for two groups, so that no user who acted before is evicted. */
const CACHE_MIB = '1024';

interface KeyedMessage {
  readonly key: string;
  readonly value: Buffer;
}

/** Microseconds of CPU of the stage for one action, each of another user. */
export interface SingleFigures {
  /** Users read from Redis, at 1,000 actions a second. */
  readonly read: number;
  /** Users in the memory of the stage, at 1,000 actions a second. */
  readonly cached: number;
  /** Users read from Redis, as fast as the stage can. */
  readonly readBacklog: number;
  /** Users in the memory of the stage, as fast as it can. */
  readonly cachedBacklog: number;
  /** Actions in the window of a user afterwards. */
  readonly medianWindow: number;
  readonly [figure: string]: number;
}

/**
 * Single actions of random users with the last windows of real households (median 84, at most 400 actions): no two
 * actions of a row are of one user.
 */
export async function measureSingleActions(real: RealWindows, start: number): Promise<SingleFigures> {
  const namespace = await openTestNamespace();
  await namespace.apply();
  const redis = new Redis(process.env.REDIS_URL ?? '');
  await redis.flushall();
  console.error(`  ${RATE} single actions a second, each of another user …`);
  const windows = real.histories.map(lastWindow).filter(({ length }) => length > 0);
  const itemIds = [...new Set(windows.flatMap((window) => window.map(({ itemId }) => itemId)))];
  await publishVectors(namespace, real, start);
  const userIds = Array.from({ length: 3 * GROUP }, (_, user) => userIdOf(user));
  await seedWindows(redis, namespace, real, { windows, userIds, endAt: start });
  const random = createRandom('single actions');
  let sent = 0;
  /** One action of each user of a group, in a random order. */
  const actionsOf = (group: number): KeyedMessage[] => {
    const users = Array.from({ length: GROUP }, (_, i) => group * GROUP + i);
    for (let i = users.length - 1; i > 0; i--) {
      const j = random.integer(i + 1);
      [users[i], users[j]] = [users[j]!, users[i]!];
    }
    return users.map((user) => {
      const itemId = itemIds[random.integer(itemIds.length)]!;
      const value = namespace.encode('UserAction', purchase(user, itemId, start + ++sent));
      return { key: userIdOf(user), value };
    });
  };
  const stage = await startStageProcess('interests', {
    TRIBUTARY_NAMESPACE: namespace.namespace,
    TRIBUTARY_HOT_USERS_MIB: CACHE_MIB,
  });
  try {
    const measureRow = async (group: number, send: (messages: KeyedMessage[]) => Promise<void>) => {
      const messages = actionsOf(group);
      const before = await readStageSample(stage.url);
      await send(messages);
      const after = await waitFor(async () => handled(await readStageSample(stage.url), sent), {
        message: 'all actions are in the windows',
        timeoutMs: 120_000,
      });
      return ((after.cpuSeconds - before.cpuSeconds) / messages.length) * 1e6;
    };
    const atOnce = (messages: KeyedMessage[]) => sendAll(namespace, 'actions', messages);
    const paced = (messages: KeyedMessage[]) =>
      sendPaced(namespace.kafka, namespace.topicOf('actions'), messages);
    // The code is compiled meanwhile.
    await measureRow(0, atOnce);
    await measureRow(0, paced);
    const read = await measureRow(1, paced);
    const readBacklog = await measureRow(2, atOnce);
    const cached = await measureRow(1, paced);
    const cachedBacklog = await measureRow(2, atOnce);
    const medianWindow = await medianWindowSize(stage.url, userIds);
    return { read, cached, readBacklog, cachedBacklog, medianWindow };
  } finally {
    await stage.stop();
    await redis.quit();
    await namespace.close();
  }
}

function handled(sample: StageSample, actions: number): StageSample | false {
  return sample.actions >= actions && sample;
}

async function medianWindowSize(url: string, userIds: readonly string[]): Promise<number> {
  const sizes: number[] = [];
  for (const userId of userIds.filter((_, place) => place % 100 === 0)) {
    const interests = (await (await fetch(`${url}/users/${userId}`)).json()) as UserInterests;
    sizes.push(interests.windowSize);
  }
  return quantile(sizes, 0.5);
}

/** Sends messages at a fixed rate, a few in each request. */
async function sendPaced(kafka: Kafka, topic: string, messages: readonly KeyedMessage[]): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const began = performance.now();
  const requests: Promise<unknown>[] = [];
  for (let sent = 0; sent < messages.length; ) {
    const due = Math.min(messages.length, Math.ceil(((performance.now() - began) / 1_000) * RATE));
    if (due > sent) requests.push(producer.send({ topic, acks: -1, messages: messages.slice(sent, due) }));
    sent = due;
    await delay(TICK_MS);
  }
  await Promise.all(requests);
  await producer.disconnect();
}
