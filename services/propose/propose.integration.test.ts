import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import Fastify, { type FastifyInstance } from 'fastify';
import { modelProposalsOf } from '#contracts/domain/proposed-lists.ts';
import { anAction, anEmbedding, aRelease } from '#contracts/domain/records.testing.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { withAdmin } from '#topics/connection.ts';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { interests, medoid } from './interests.testing.ts';

/** Trace context that the proposal must continue. */
const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the propose stage', () => {
  let test: TestNamespace;
  let index: FastifyInstance;
  let indexUrl: string;
  const stages: StageProcess[] = [];

  before(async () => {
    test = await openTestNamespace();
    await test.apply();
    index = Fastify();
    index.post('/items', async () => ({ items: { soap: { title: 'Soap', availability: 'unavailable' } } }));
    indexUrl = await index.listen({ host: '127.0.0.1', port: 0 });
    for (const [userId, itemId] of [
      ['u1', 'oats'],
      ['u2', 'oats'],
      ['u1', 'soap'],
    ] as const) {
      const action = anAction({ userId, itemId, eventId: `${userId} ${itemId}`, occurredAt: Date.now() });
      await test.produce('actions', { key: userId, value: test.encode('UserAction', action) });
    }
    await test.produce('interests', {
      key: 'u1',
      value: test.encode('UserInterests', interests({ medoids: [medoid('tea')], recent: ['tea'] })),
      headers: { traceparent: TRACE },
    });
  });

  after(async () => {
    for (const stage of stages) await stage.stop();
    await index.close();
    await test.close();
  });

  async function start(environment: Record<string, string>): Promise<StageProcess> {
    const stage = await startStageProcess('propose', {
      TRIBUTARY_NAMESPACE: test.namespace,
      TRIBUTARY_INDEX_URL: indexUrl,
      TRIBUTARY_TRENDING_INTERVAL_MS: '100',
      ...environment,
    });
    stages.push(stage);
    return stage;
  }

  /** The last proposal of a model, once there is one. */
  const proposalOf = (model: string) =>
    waitFor(
      async () => {
        const messages: TopicMessage[] = [];
        await readTopic({
          kafka: test.kafka,
          topic: test.topicOf('proposals'),
          from: { at: 'beginning' },
          onMessage: (message) => void messages.push(message),
        });
        for (const { value, headers } of messages.reverse()) {
          const proposals = modelProposalsOf(await test.codec.decode('Proposal', value!));
          const proposal = proposals.find((one) => one.model === model);
          if (proposal !== undefined) return { proposal, trace: headers.traceparent?.toString() };
        }
        return undefined;
      },
      { message: `a proposal of ${model}`, timeoutMs: 60_000 },
    );

  /** Publishes g1, in which "tea+" lies beside "tea". */
  async function publishGeneration(): Promise<void> {
    for (const [itemId, x] of [
      ['tea', 0],
      ['tea+', 0.1],
    ] as const) {
      const value = test.encode('ItemEmbedding', anEmbedding({ itemId }, [1, x]));
      await test.produce('embeddings', { key: `g1/${itemId}`, value });
    }
    const release = aRelease({ state: 'ready', itemCount: 2 });
    await test.produce('releases', { key: 'g1', value: test.encode('Release', release) });
  }

  const metricsOf = async (stage: StageProcess) => (await fetch(`${stage.url}/metrics`)).text();

  it('propose runs the models that it is told to in a group of their own, with what they need alone', async () => {
    const stage = await start({ TRIBUTARY_PROPOSERS: 'trending' });
    const { proposal } = await proposalOf('trending');
    assert.equal(proposal.userId, '*');
    assert.equal(proposal.explanation, 'popular right now');
    assert.deepEqual(
      proposal.items.map(({ itemId, popularity }) => [itemId, popularity]),
      [['oats', 1]],
      'the most popular item is the scale, and an unavailable one is left out',
    );
    assert.match(await metricsOf(stage), /tributary_proposals_total\{model="trending",outcome="ok",.*\} \d/);
    const groups = await withAdmin(test.kafka, async (admin) => (await admin.listGroups()).groups);
    const named = groups.map(({ groupId }) => groupId).filter((id) => id.startsWith(test.namespace));
    assert.ok(named.includes(`${test.namespace}.propose.trending`), named.join());
    assert.equal(await stage.stop(), 0);
  });

  it('propose waits for a generation that is still being published and then proposes to the users of before', async () => {
    const stage = await start({});
    await waitFor(async () => /outcome="failed"/.test(await metricsOf(stage)), {
      message: 'the failure is in the metrics',
    });
    await publishGeneration();
    const { proposal, trace } = await proposalOf('medoid-neighbours');
    assert.equal(proposal.userId, 'u1');
    assert.equal(proposal.explanation, 'because you {deed} {cause}');
    assert.deepEqual(
      proposal.items.map(({ itemId, because }) => [itemId, because?.itemId]),
      [['tea+', 'tea']],
    );
    assert.equal(trace, TRACE);
    assert.equal(await stage.stop(), 0);
  });

  it('propose does not start with a model that does not exist, and names those that do', async () => {
    await assert.rejects(
      start({ TRIBUTARY_PROPOSERS: 'oracle' }),
      /TRIBUTARY_PROPOSERS must be a comma-separated list of models among .+, but is \\"oracle\\"/,
    );
  });
});
