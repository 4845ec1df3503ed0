import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { type ModelProposal, modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { readProposeConfig } from './config.ts';
import { embeddedItems } from './embeddings/embedded-items.testing.ts';
import { interests, medoid } from './interests.testing.ts';
import { createModels } from './models.ts';
import { createPass } from './pass.ts';
import type { Resources } from './proposers/proposer.ts';
import { silentReport } from './report.testing.ts';
import { Runner } from './runner.ts';

const CONFIG = readProposeConfig({
  TRIBUTARY_PROPOSERS: 'medoid-neighbours',
  TRIBUTARY_MEDOIDS_SAMPLED: '3',
});
const [HELD, GONE] = ['g1', 'g0'];

function batchOf(
  ...messages: Array<UserInterests | { userId: string; value: null }>
): IncomingBatch<UserInterests> {
  return {
    topic: 'interests',
    partition: 0,
    messages: messages.map((message, offset) => ({
      partition: 0,
      offset,
      key: message.userId,
      timestamp: 0,
      value: 'value' in message ? null : message,
      trace: `trace of ${message.userId}`,
    })),
    lastOffset: messages.length - 1,
    reject: () => assert.fail('nothing is rejected here'),
  };
}

describe('interests in the log', () => {
  it('of several partitions are one pass, and each partition rejects its own', async () => {
    const asked: string[][] = [];
    const pass = createPass(
      [
        {
          name: 'asking',
          propose: async (users) => void asked.push(users.map(({ interests }) => interests.userId)),
          forget: () => undefined,
        },
      ],
      async () => assert.fail('nothing is published here'),
    );
    const rejected: string[] = [];
    const from = (name: string, ...users: UserInterests[]) => ({
      ...batchOf(...users),
      reject: (offset: number, code: string) => void rejected.push(`${name}/${offset} ${code}`),
    });
    await pass(
      from('first', someInterests({ userId: 'ann' }), someInterests({ userId: '*' })),
      from('second', someInterests({ userId: 'bob' })),
    );
    assert.deepEqual(asked, [['ann', 'bob']]);
    assert.deepEqual(rejected, ['first/1 user.reserved']);
  });

  it('are rejected if they are for everyone, under another key, or hold huge numbers, and the others are answered', async () => {
    const asked: string[] = [];
    const pass = createPass(
      [
        {
          name: 'asking',
          propose: async (users) => void asked.push(...users.map(({ interests }) => interests.userId)),
          forget: () => undefined,
        },
      ],
      async () => assert.fail('nothing is published here'),
    );
    const rejected: Array<[number, string]> = [];
    const batch = batchOf(
      someInterests({ userId: '*' }),
      someInterests({ userId: 'ann', medoids: [aMedoid({ importance: 1e308 })] }),
      someInterests({ userId: 'bob' }),
      someInterests({ userId: 'cid' }),
    );
    const messages = batch.messages.map((message) =>
      message.key === 'cid' ? { ...message, key: 'ann' } : message,
    );
    await pass({ messages, reject: (offset, code) => void rejected.push([offset, code]) });
    assert.deepEqual(asked, ['bob']);
    assert.deepEqual(rejected, [
      [0, 'user.reserved'],
      [1, 'number.invalid'],
      [3, 'message.key'],
    ]);
  });
});

describe('medoid-neighbours alone in the pass', () => {
  let lookups: string[] = [];
  let refusals = 0;
  let skipped = 0;
  let published: Array<[ModelProposal, string | undefined]> = [];
  let controller = new AbortController();

  // Beside each item lies one named after it; the generation holds no vector of an item "unknown".
  const names = ['tea', 'old', 'new', 'late', ...'abcde', ...Array.from({ length: 70 }, (_, i) => `i${i}`)];
  const items = embeddedItems(
    Object.fromEntries(
      names.flatMap((name, place) => {
        const axis = names.map((_, i) => (i === place ? 1 : 0));
        return [
          [name, axis],
          [`${name}+`, axis],
        ];
      }),
    ),
  );
  const find: Resources['embeddings']['find'] = (generation) => {
    if (refusals > 0) {
      refusals -= 1;
      throw new TributaryError('generation.pending', 'not all vectors are here', { retryable: true });
    }
    lookups.push(generation);
    return generation === HELD ? items : undefined;
  };

  beforeEach(() => {
    lookups = [];
    published = [];
    skipped = 0;
    controller = new AbortController();
  });

  const propose = (...messages: Parameters<typeof batchOf>) => {
    const { forUsers } = createModels(CONFIG, { embeddings: { find } });
    const publish = async (record: Proposal, trace: string | undefined) =>
      void published.push(
        ...modelProposalsOf(record).map((one) => [one, trace] as [ModelProposal, typeof trace]),
      );
    const runner = new Runner({
      ...CONFIG,
      model: forUsers[0]!,
      isAlone: true,
      publish,
      report: {
        ...silentReport,
        count: (_model, outcome, lists) => {
          if (outcome === 'skipped') skipped += lists;
        },
      },
      signal: controller.signal,
      onFailure: (error) => assert.fail(String(error)),
    });
    return createPass([runner], publish)(batchOf(...messages));
  };

  const proposals = () => published.map(([proposal]) => proposal);
  const itemsOf = (proposal: ModelProposal | undefined) => proposal?.items.map(({ itemId }) => itemId);

  it('medoid-neighbours proposes the neighbours of the medoids, in the generation of the interests', async () => {
    await propose(interests({ medoids: [medoid('tea'), medoid('unknown')], recent: ['tea'] }));
    assert.deepEqual(published, [
      [
        {
          userId: 'u1',
          model: 'medoid-neighbours',
          generation: HELD,
          version: 5,
          receivedAt: 2_000,
          recent: ['tea'],
          interestsOffset: 0,
          interestsAt: 0,
          items: proposals()[0]?.items,
          explanation: 'because you {deed} {cause}',
        },
        'trace of u1',
      ],
    ]);
    assert.deepEqual(itemsOf(proposals()[0]), ['tea+']);
  });

  it('medoid-neighbours makes the same proposal when it reads the same interests again', async () => {
    const user = interests({ medoids: ['a', 'b', 'c', 'd', 'e'].map((id) => medoid(id)) });
    await propose(user);
    const first = proposals();
    published = [];
    await propose(user);
    assert.deepEqual(proposals(), first);
  });

  it('medoid-neighbours uses only the newest interests of each user, whatever their order', async () => {
    await propose(
      interests({ version: 7, medoids: [medoid('old')] }),
      interests({ userId: 'u2' }),
      interests({ version: 9, medoids: [medoid('new')] }),
      interests({ version: 8, medoids: [medoid('late')] }),
      interests({ userId: 'u3' }),
      { userId: 'u3', value: null },
    );
    assert.deepEqual(
      proposals().map(({ userId, version }) => [userId, version]),
      [
        ['u1', 9],
        ['u2', 5],
      ],
    );
  });

  it('medoid-neighbours looks a generation up once for many users, and returns each user’s own neighbours', async () => {
    const users = Array.from({ length: 70 }, (_, i) =>
      interests({ userId: `u${i}`, medoids: [medoid(`i${i}`)], recent: [`i${i}`] }),
    );
    await propose(...users);
    assert.equal(lookups.length, 3, 'a call has up to 32 users');
    for (const proposal of proposals()) {
      assert.deepEqual(itemsOf(proposal), [`${proposal.userId.replace('u', 'i')}+`]);
    }
    assert.equal(published.length, 70);
  });

  it('medoid-neighbours empties the proposal of a user without medoids, also before the first generation', async () => {
    await propose(interests({ medoids: [] }), interests({ userId: 'u2', generation: null, medoids: [] }));
    assert.deepEqual(proposals().map(itemsOf), [[], []]);
    assert.deepEqual(lookups, [HELD]);
  });

  it('medoid-neighbours skips a generation that the log no longer holds, and mixes none', async () => {
    await propose(interests({ generation: GONE }), interests({ userId: 'u2' }));
    assert.deepEqual(
      proposals().map(({ userId, generation }) => [userId, generation]),
      [['u2', HELD]],
    );
    assert.equal(skipped, 1);
  });

  it('medoid-neighbours waits for a generation whose vectors are not all here yet', async () => {
    refusals = 2;
    await propose(interests());
    assert.equal(published.length, 1);
  });

  it('medoid-neighbours stops waiting when the stage drains, so that the batch is redelivered', async () => {
    refusals = Number.POSITIVE_INFINITY;
    controller.abort();
    await assert.rejects(propose(interests()), { code: 'generation.pending', retryable: true });
    refusals = 0;
    assert.equal(published.length, 0);
  });
});
