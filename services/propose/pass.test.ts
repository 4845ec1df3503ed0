import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { aMedoid, someInterests } from '#contracts/domain/records.testing.ts';
import type { Proposal, UserInterests } from '#contracts/generated/records.ts';
import { connectIndex } from '#index-client/connect.ts';
import type { IndexClient } from '#index-client/index-client.ts';
import { errorBody } from '#platform/http/error-body.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { readProposeConfig } from './config.ts';
import { interests, medoid } from './interests.testing.ts';
import { createModels } from './models.ts';
import { createPass } from './pass.ts';
import { medoidNeighbours } from './proposers/medoid-neighbours.ts';
import { silentReport } from './report.testing.ts';
import { Runner } from './runner.ts';

interface Search {
  readonly generation: string;
  readonly queries: ReadonlyArray<{ readonly itemId: string }>;
  readonly k: number;
}

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
  it('are rejected if they are for everyone, under another key, or hold huge numbers, and the others are answered', async () => {
    const asked: string[] = [];
    const pass = createPass([
      {
        propose: async (users) => void asked.push(...users.map(({ interests }) => interests.userId)),
        forget: () => undefined,
      },
    ]);
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
  let index: FastifyInstance;
  let client: IndexClient;
  let searches: Search[] = [];
  let refusals = 0;
  let skipped = 0;
  let published: Array<[Proposal, string | undefined]> = [];
  let controller = new AbortController();

  before(async () => {
    index = Fastify();
    // Each item has one neighbour named after it; the index holds no vector of an item "unknown".
    index.post<{ Body: Search }>('/search', async ({ body }, reply) => {
      if (refusals > 0) {
        refusals -= 1;
        return reply.code(503).send(errorBody('stage.not-ready', 'the stage is starting'));
      }
      searches.push(body);
      if (body.generation !== HELD) return reply.code(404).send(errorBody('generation.unknown', 'gone'));
      const results = body.queries.map(({ itemId }) =>
        itemId === 'unknown'
          ? { error: 'item.unknown' }
          : { neighbours: [{ itemId: `${itemId}+`, score: 1 }] },
      );
      return { generation: HELD, results };
    });
    client = connectIndex({ urls: [await index.listen({ host: '127.0.0.1', port: 0 })] });
  });

  after(async () => {
    await client.close();
    await index.close();
  });

  beforeEach(() => {
    searches = [];
    published = [];
    skipped = 0;
    controller = new AbortController();
  });

  const propose = (...messages: Parameters<typeof batchOf>) => {
    const { forUsers } = createModels(CONFIG, {
      index: client,
      popularity: { top: () => [], share: () => 1 },
    });
    const runner = new Runner({
      ...CONFIG,
      model: forUsers[0]!,
      isAlone: true,
      publish: async (proposal, trace) => void published.push([proposal, trace]),
      report: {
        ...silentReport,
        count: (_model, outcome, lists) => {
          if (outcome === 'skipped') skipped += lists;
        },
      },
      signal: controller.signal,
      onFailure: (error) => assert.fail(String(error)),
    });
    return createPass([runner])(batchOf(...messages));
  };

  const proposals = () => published.map(([proposal]) => proposal);
  const itemsOf = (proposal: Proposal | undefined) => proposal?.items.map(({ itemId }) => itemId);

  it('medoid-neighbours proposes the neighbours of the sampled medoids, in the generation of the interests', async () => {
    await propose(interests({ medoids: [medoid('tea'), medoid('unknown')], recent: ['nail'] }));
    assert.deepEqual(published, [
      [
        {
          userId: 'u1',
          model: 'medoid-neighbours',
          generation: HELD,
          version: 5,
          receivedAt: 2_000,
          recent: ['nail'],
          items: proposals()[0]?.items,
          explanation: 'because you {deed} {cause}',
        },
        'trace of u1',
      ],
    ]);
    assert.deepEqual(itemsOf(proposals()[0]), ['tea+']);
    assert.equal(searches[0]?.k, CONFIG.settingsOf(medoidNeighbours).neighboursPerMedoid);
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

  it('medoid-neighbours searches for many users at once, and returns each user’s own neighbours', async () => {
    const users = Array.from({ length: 70 }, (_, i) =>
      interests({ userId: `u${i}`, medoids: [medoid(`i${i}`)] }),
    );
    await propose(...users);
    assert.deepEqual(
      searches.map(({ queries }) => queries.length),
      [32, 32, 6],
    );
    for (const proposal of proposals()) {
      assert.deepEqual(itemsOf(proposal), [`${proposal.userId.replace('u', 'i')}+`]);
    }
    assert.equal(published.length, 70);
  });

  it('medoid-neighbours empties the proposal of a user without medoids, without a search', async () => {
    await propose(interests({ medoids: [] }), interests({ userId: 'u2', generation: null, medoids: [] }));
    assert.deepEqual(proposals().map(itemsOf), [[], []]);
    assert.equal(searches.length, 0);
  });

  it('medoid-neighbours skips a generation that the index no longer holds, and mixes none', async () => {
    await propose(interests({ generation: GONE }), interests({ userId: 'u2' }));
    assert.deepEqual(
      proposals().map(({ userId, generation }) => [userId, generation]),
      [['u2', HELD]],
    );
    assert.equal(skipped, 1);
  });

  it('medoid-neighbours waits for an index that does not answer', async () => {
    refusals = 2;
    await propose(interests());
    assert.equal(published.length, 1);
  });

  it('medoid-neighbours stops waiting when the stage drains, so that the batch is redelivered', async () => {
    refusals = Number.POSITIVE_INFINITY;
    controller.abort();
    await assert.rejects(propose(interests()), { code: 'stage.not-ready', retryable: true });
    refusals = 0;
    assert.equal(published.length, 0);
  });
});
