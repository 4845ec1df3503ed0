import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import type { Proposal } from '#contracts/generated/records.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import type { TopicName } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { interestRecords } from './interest-records.ts';
import { actionRecord, embeddingRecords, itemRecords, type LogEnd, releaseRecord } from './log-end.ts';
import { modelsAt, proposalsFor } from './proposals.ts';

const USERS = 50;
const ITEMS = 150;
const ACTIONS = 2_000;
const DIM = 8;
const MONTH_MS = 30 * 86_400_000;

/** Users who take the items of two directions each, over the last month. */
function someLog(): LogEnd {
  const random = createRandom('served as evaluated');
  const vectors = Float32Array.from({ length: ITEMS * DIM }, () => random.normal());
  for (let item = 0; item < ITEMS; item++) normaliseInPlace(vectors.subarray(item * DIM, (item + 1) * DIM));
  const start = Date.now() - MONTH_MS;
  const indices = Array.from({ length: ACTIONS }, (_, i) => i);
  const user = Int32Array.from(indices, () => random.integer(USERS));
  return {
    userIds: Array.from({ length: USERS }, (_, i) => `user ${i}`),
    itemIds: Array.from({ length: ITEMS }, (_, i) => `item ${i}`),
    actions: {
      user,
      // Few items are popular.
      item: Int32Array.from(user, (own) => (own + Math.floor(ITEMS * random.next() ** 3)) % ITEMS),
      context: Int32Array.from(indices, (i) => Math.floor(i / 4)),
      weight: new Float32Array(ACTIONS).fill(1),
      at: Float64Array.from(indices, (i) => start + Math.floor((i / ACTIONS) * MONTH_MS)),
    },
    catalogue: new Map(),
    vectors: { vectors, dim: DIM, alpha: 1.2 },
  };
}

describe('what the running stages serve', () => {
  const log = someLog();
  const stages: StageProcess[] = [];
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
  });

  after(async () => {
    for (const stage of stages) await stage.stop();
    await test.close();
  });

  const write = (topic: TopicName, key: string, bytes: Buffer) => test.produce(topic, { key, value: bytes });

  async function writeLog(): Promise<void> {
    await Promise.all(
      [...itemRecords(log)].map((one) => write('items', one.itemId, test.encode('Item', one))),
    );
    const vectors = [...embeddingRecords(log)];
    await Promise.all(
      vectors.map((one) => write('embeddings', embeddingKey(one), test.encode('ItemEmbedding', one))),
    );
    const release = releaseRecord(log);
    await write('releases', release.generation, test.encode('Release', release));
    for (let i = 0; i < ACTIONS; i++) {
      const action = actionRecord(log, i);
      await write('actions', action.userId, test.encode('UserAction', action));
    }
  }

  async function start(name: 'interests' | 'propose', environment: Record<string, string> = {}) {
    stages.push(await startStageProcess(name, { TRIBUTARY_NAMESPACE: test.namespace, ...environment }));
  }

  /** The newest record of each key of a topic. */
  async function newestOf<T>(topic: TopicName, schema: string): Promise<Map<string, T>> {
    const newest = new Map<string, T>();
    const values: Array<[string, Buffer]> = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: ({ key, value }) => void values.push([String(key), value!]),
    });
    for (const [key, value] of values)
      newest.set(key, (await test.codec.decode(schema as never, value)) as T);
    return newest;
  }

  it('the lists of the running stages are those of the evaluation, item by item', async () => {
    await writeLog();
    const users = new Set(log.actions.user);
    const records = [...interestRecords(log, users, readInterestsConfig()).values()];
    // Popularity is then that of the whole log, and propose answers the interests as they stand.
    await start('interests');
    const counts = new Map(records.map(({ userId, windowSize }) => [userId, windowSize]));
    await waitFor(
      async () => {
        const held = await newestOf<{ windowSize: number }>('interests', 'UserInterests');
        return [...counts].every(([userId, size]) => held.get(userId)?.windowSize === size);
      },
      { message: 'the interests hold all actions', timeoutMs: 60_000 },
    );
    const environment = { TRIBUTARY_PROPOSERS: 'medoid-neighbours' };
    await start('propose', environment);
    const config = readProposeConfig(environment);
    const evaluated = await proposalsFor(modelsAt(log, config), records);
    const versions = await newestOf<{ version: number }>('interests', 'UserInterests');
    const served = await waitFor(
      async () => {
        const held = await newestOf<Proposal>('proposals', 'Proposal');
        return [...versions].every(([userId, { version }]) => held.get(userId)?.version === version) && held;
      },
      { message: 'every user has a list of the newest interests', timeoutMs: 60_000 },
    );
    assert.equal(evaluated.size, USERS);
    for (const [userId, [expected]] of evaluated) {
      const [{ items } = assert.fail('a list')] = modelProposalsOf(served.get(userId)!);
      assert.ok(expected!.items.length >= 10);
      assert.deepEqual(
        items.map(({ itemId }) => itemId),
        expected!.items.map(({ itemId }) => itemId),
        userId,
      );
      assert.deepEqual(
        items.map(({ because }) => because?.itemId),
        expected!.items.map(({ because }) => because?.itemId),
        userId,
      );
      for (const [place, { score, popularity }] of items.entries()) {
        // The counts of partitions are added in different orders, so that the last bits differ.
        assert.ok(Math.abs(score - expected!.items[place]!.score) < 1e-6 * score);
        assert.ok(Math.abs(popularity - expected!.items[place]!.popularity) < 1e-6);
      }
    }
  });
});
