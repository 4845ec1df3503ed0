import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { decodeWindow, encodeWindow } from '#algorithms/pinnersage/window-codec.ts';
import { decodeWindowWithDeltas } from '#algorithms/pinnersage/window-delta.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import { openTestKafka, type TestKafka } from '#platform/testing/kafka.ts';
import { emptyRedis, keysOf, openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { applyTopics } from '#topics/apply.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { action, START } from './actions.testing.ts';

const USERS = 60;
const ROUNDS = 6;
const LONG = { timeoutMs: 60_000 };

describe('the interests stage, when its state and the log no longer fit', () => {
  let redis: TestRedis;
  let reader: TestKafka;
  let emptied: TestNamespace;
  let calm: TestNamespace;
  const stages: StageProcess[] = [];

  before(async () => {
    redis = await openTestRedis();
    reader = await openTestKafka();
    emptied = await openTestNamespace();
    calm = await openTestNamespace();
    for (const test of [emptied, calm]) {
      await test.apply();
      await publishGeneration(test);
    }
  });

  after(async () => {
    for (const stage of stages) await stage.stop('SIGKILL');
    for (const test of [emptied, calm]) {
      await emptyRedis(redis.redis, test.namespace);
      await test.close();
    }
    await reader.close();
    await redis.close();
  });

  async function publishGeneration(test: TestNamespace): Promise<void> {
    for (const [itemId, x] of [
      ['tea', 1],
      ['nail', -1],
    ] as const) {
      const embedding = anEmbedding({ itemId }, [x, 0]);
      const value = test.encode('ItemEmbedding', embedding);
      await test.produce('embeddings', { key: embeddingKey(embedding), value });
    }
    const value = test.encode('Release', aRelease({ itemCount: 2 }));
    await test.produce('releases', { key: 'g1', value });
  }

  async function start(test: TestNamespace): Promise<StageProcess> {
    const stage = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: test.namespace });
    stages.push(stage);
    return stage;
  }

  async function act(round: number): Promise<void> {
    const itemId = round % 2 === 0 ? 'tea' : 'nail';
    const actions = Array.from({ length: USERS }, (_, i) =>
      action({ userId: `u${i}`, itemId, occurredAt: START + round }),
    );
    await Promise.all(
      actions.map((one) =>
        emptied.produce('actions', { key: one.userId, value: emptied.encode('UserAction', one) }),
      ),
    );
  }

  /** Records of the namespace, by user, with every field in hexadecimal digits; windows are whole. */
  async function recordsOf({ namespace }: TestNamespace): Promise<Map<string, Record<string, string>>> {
    const records = new Map<string, Record<string, string>>();
    for (let partition = 0; partition < USER_PARTITIONS; partition++) {
      const prefix = `${namespace}:{interests:${partition}}:user:`;
      for (const key of await keysOf(redis.redis, prefix)) {
        const { window, deltas, ...rest } = await redis.redis.hgetallBuffer(key);
        // A record may be deleted between the listing of the keys and the reading.
        if (window === undefined || deltas === undefined) continue;
        const fields = { ...rest, window: Buffer.from(encodeWindow(decodeWindowWithDeltas(window, deltas))) };
        const digits = Object.entries(fields).map(([name, bytes]) => [name, bytes.toString('hex')]);
        records.set(key.slice(prefix.length), Object.fromEntries(digits));
      }
    }
    return records;
  }

  async function windowSizes(test: TestNamespace): Promise<number[]> {
    const records = await recordsOf(test);
    return [...records.values()].map(
      ({ window }) => decodeWindow(Buffer.from(window!, 'hex')).actions.length,
    );
  }

  function everyWindowHas(test: TestNamespace, size: number): Promise<unknown> {
    return waitFor(
      async () => {
        const sizes = await windowSizes(test);
        return sizes.length === USERS && sizes.every((one) => one === size);
      },
      { message: `${size} actions in the window of every user`, ...LONG },
    );
  }

  it('windows and medoids are byte for byte those of the log after Redis was emptied under load', async () => {
    const stage = await start(emptied);
    for (let round = 0; round < ROUNDS - 2; round++) await act(round);
    await waitFor(async () => (await windowSizes(emptied)).includes(ROUNDS - 2), {
      message: 'some windows to be complete',
      ...LONG,
    });
    const acting = act(ROUNDS - 2);
    await emptyRedis(redis.redis, emptied.namespace);
    await acting;
    await act(ROUNDS - 1);
    await everyWindowHas(emptied, ROUNDS);

    for (const { partition, key, value } of await reader.readAll(emptied.topicOf('actions')))
      await calm.produce('actions', { partition, key, value });
    await start(calm);
    await everyWindowHas(calm, ROUNDS);
    assert.deepEqual(await recordsOf(emptied), await recordsOf(calm));
    await waitFor(async () => (await fetch(`${stage.url}/readyz`)).ok, { message: 'ready again' });
  });

  it('state that was emptied while the stage stood still is rebuilt without a new action', async () => {
    const before = await recordsOf(calm);
    await emptyRedis(redis.redis, calm.namespace);
    await everyWindowHas(calm, ROUNDS);
    assert.deepEqual(await recordsOf(calm), before);
  });

  it('state restored from an older copy is brought up to the log at the next start', async () => {
    const stage = stages[0]!;
    const whole = await recordsOf(emptied);
    const copies: Array<[string, Buffer]> = [];
    for (const key of await keysOf(redis.redis, `${emptied.namespace}:`))
      copies.push([key, (await redis.redis.dumpBuffer(key))!]);
    await act(ROUNDS);
    await everyWindowHas(emptied, ROUNDS + 1);
    const newest = await recordsOf(emptied);
    assert.notDeepEqual(newest, whole);
    assert.equal(await stage.stop('SIGTERM'), 0);
    await emptyRedis(redis.redis, emptied.namespace);
    for (const [key, bytes] of copies) await redis.redis.restore(key, 0, bytes);
    stages[0] = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: emptied.namespace });
    await everyWindowHas(emptied, ROUNDS + 1);
    assert.deepEqual(await recordsOf(emptied), newest);
  });

  it('records of the version that wrote each window whole are deleted, and the windows read from the log', async () => {
    const expected = await recordsOf(calm);
    const { namespace } = calm;
    assert.equal(await stages[1]!.stop('SIGTERM'), 0);
    await emptyRedis(redis.redis, namespace);
    for (const userId of expected.keys()) {
      const partition = partitionOfKey(userId, USER_PARTITIONS);
      await redis.redis.hset(`${namespace}:interests:user:${userId}`, { window: 'whole', '@actions': '1' });
      await redis.redis.sadd(`${namespace}:interests:partition:${partition}:users`, userId);
      await redis.redis.hset(`${namespace}:interests:partition:${partition}:stream`, { '@actions': '1' });
    }
    stages[1] = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: namespace });
    await everyWindowHas(calm, ROUNDS);
    assert.deepEqual(await recordsOf(calm), expected);
    await waitFor(async () => (await keysOf(redis.redis, `${namespace}:interests:`)).length === 0, {
      message: 'the former records are deleted',
    });
  });

  it('actions in a topic that was deleted and created again count, and those of the old one no longer do', async () => {
    const topic = emptied.topicOf('actions');
    const admin = emptied.kafka.admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await waitFor(async () => !(await admin.listTopics()).includes(topic), { message: 'the topic is gone' });
    await applyTopics({ kafka: emptied.kafka, registry: emptied.registry, namespace: emptied.namespace });
    await admin.disconnect();
    await act(ROUNDS + 1);
    await everyWindowHas(emptied, 1);
  });
});
