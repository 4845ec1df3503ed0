import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { DeadLetter, UserInterests } from '#contracts/generated/records.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { action, START } from './actions.testing.ts';

const USERS = 40;
const ROUNDS = 12;

describe('the interests stage', () => {
  let test: TestNamespace;

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
  });

  after(() => test.close());

  async function publishGeneration(): Promise<void> {
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

  /** One action of every user; rounds alternate between the two items. */
  async function act(round: number): Promise<void> {
    const itemId = round % 2 === 0 ? 'tea' : 'nail';
    const actions = Array.from({ length: USERS }, (_, i) =>
      action({ userId: `u${i}`, itemId, occurredAt: START + round }),
    );
    await Promise.all(
      actions.map((one) =>
        test.produce('actions', { key: one.userId, value: test.encode('UserAction', one) }),
      ),
    );
  }

  async function interestsOf(url: string, userId: string): Promise<UserInterests | undefined> {
    const answer = await fetch(`${url}/users/${userId}`);
    return answer.ok ? ((await answer.json()) as UserInterests) : undefined;
  }

  async function letters(): Promise<DeadLetter[]> {
    const found: DeadLetter[] = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf('dead-letters'),
      from: { at: 'beginning' },
      onMessage: async ({ value }) => void found.push(await test.codec.decode('DeadLetter', value!)),
    });
    return found;
  }

  it('the stage drains on SIGTERM in mid-work, and its successor counts every action once', async () => {
    await publishGeneration();
    const environment = { TRIBUTARY_NAMESPACE: test.namespace };
    const first = await startStageProcess('interests', environment);
    await act(0);
    await waitFor(() => interestsOf(first.url, 'u0'), { message: 'the first interests' });
    const acting = (async () => {
      for (let round = 1; round < ROUNDS; round++) await act(round);
    })();
    await waitFor(async () => ((await interestsOf(first.url, 'u0'))?.windowSize ?? 0) > 1, {
      message: 'the stage to be in the middle of its work',
    });
    assert.equal(await first.stop('SIGTERM'), 0);
    await acting;

    const second = await startStageProcess('interests', environment);
    for (let i = 0; i < USERS; i++) {
      const interests = await waitFor(
        async () => {
          const now = await interestsOf(second.url, `u${i}`);
          return now?.windowSize === ROUNDS && now;
        },
        { message: `every action of u${i} once` },
      );
      assert.equal(interests.generation, 'g1');
      assert.deepEqual(interests.medoids.map(({ itemId, size }) => [itemId, size]).sort(), [
        ['nail', ROUNDS / 2],
        ['tea', ROUNDS / 2],
      ]);
    }
    assert.equal(await interestsOf(second.url, 'nobody'), undefined);
    assert.equal(await second.stop(), 0);
  });

  it('actions in a wrong partition become dead letters and make no later action of their user a repeat', async () => {
    const stage = await startStageProcess('interests', { TRIBUTARY_NAMESPACE: test.namespace });
    const own = partitionOfKey('ann', USER_PARTITIONS);
    const other = (own + 1) % USER_PARTITIONS;
    let sent = 0;
    async function send(count: number, partition: number): Promise<void> {
      for (let i = 0; i < count; i++) {
        const value = test.encode('UserAction', action({ userId: 'ann', occurredAt: START + ++sent }));
        await test.produce('actions', { key: 'ann', value, partition });
      }
    }
    const windowSize = async () => (await interestsOf(stage.url, 'ann'))?.windowSize;
    await send(5, own);
    await waitFor(async () => (await windowSize()) === 5, { message: 'the first five' });
    await send(20, other);
    await waitFor(async () => (await letters()).length === 20, {
      message: 'a letter for each of the twenty',
    });
    await send(5, own);
    await waitFor(async () => (await windowSize()) === 10, { message: 'the last five' });
    assert.deepEqual(new Set((await letters()).map(({ code }) => code)), new Set(['partition.wrong']));
    assert.equal(await stage.stop(), 0);
  });
});
