import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import { anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import { startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
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
});
