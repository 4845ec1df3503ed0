import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { Redis } from 'ioredis';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { anItem } from '#contracts/domain/records.testing.ts';
import type { Item, Proposal, Reward, Slate } from '#contracts/generated/records.ts';
import { createPeer, type Peer } from '#platform/http/peer.ts';
import { emptyRedis } from '#platform/testing/redis.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { CATALOG } from '#topics/catalog.ts';
import { readTopic, type TopicMessage } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { BLOCKS, encodeBlock } from './learning/blocks.ts';
import { blockField } from './learning/redis-store.ts';
import { applyRewards, someReward } from './learning/rewards.testing.ts';
import { nothingLearned } from './learning/rewards.ts';
import { someCause, someItem, someProposal } from './pools/proposals.testing.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the rerank stage', () => {
  let test: TestNamespace;
  let redis: Redis;
  let stage: StageProcess;
  let peer: Peer;

  async function start(): Promise<void> {
    const environment = { TRIBUTARY_NAMESPACE: test.namespace, TRIBUTARY_RERANK_REFRESH_MS: '50' };
    stage = await startStageProcess('rerank', environment);
    peer = createPeer({ name: 'rerank', url: stage.url, timeoutMs: 10_000 });
  }

  before(async () => {
    redis = new Redis(process.env.REDIS_URL ?? 'redis://127.0.0.1:6379');
    test = await openTestNamespace();
    await test.apply();
    await start();
  });

  after(async () => {
    await peer.close();
    await stage.stop();
    await redis.quit();
    await test.close();
  });

  const putProposal = (proposal: Proposal) =>
    test.produce('proposals', { key: proposal.userId, value: test.encode('Proposal', proposal) });
  const putReward = (reward: Reward) =>
    test.produce('rewards', { key: reward.userId, value: test.encode('Reward', reward) });
  const slateOf = (userId: string, n = 10) => peer.post<Slate>('/slates', { userId, n }, TRACE);
  const itemsOf = ({ slots }: Slate): string[] => slots.map(({ itemId }) => itemId).sort();

  async function readAll(topic: 'slates' | 'rewards'): Promise<TopicMessage[]> {
    const messages: TopicMessage[] = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf(topic),
      from: { at: 'beginning' },
      onMessage: (message) => void messages.push(message),
    });
    return messages;
  }

  /** The statistics of every partition from a fresh reading of `rewards`. */
  async function statisticsOfTheLog(): Promise<Map<number, Buffer>> {
    const partitions = Map.groupBy(await readAll('rewards'), ({ partition }) => partition);
    const statistics = new Map<number, Buffer>();
    for (const [partition, messages] of partitions) {
      const learned = nothingLearned();
      const rewards = await Promise.all(messages.map(({ value }) => test.codec.decode('Reward', value!)));
      applyRewards(learned, rewards);
      const blocks = [...learned.blocks].sort(([a], [b]) => (a < b ? -1 : 1));
      statistics.set(partition, Buffer.concat(blocks.map(([, block]) => encodeBlock(block))));
    }
    return statistics;
  }

  async function statisticsOfTheStage(): Promise<Map<number, Buffer>> {
    const statistics = new Map<number, Buffer>();
    for (let partition = 0; partition < CATALOG.rewards.partitions; partition++) {
      const key = `${test.namespace}:rerank:statistics:${partition}`;
      const fields = Array.from({ length: BLOCKS }, (_, place) => blockField(String(place)));
      const held = (await redis.hmgetBuffer(key, ...fields)).filter((bytes) => bytes !== null);
      if (held.length > 0) statistics.set(partition, Buffer.concat(held));
    }
    return statistics;
  }

  it('an unknown user gets the lists for everyone, and their own interests as soon as these are proposed', async () => {
    assert.deepEqual((await slateOf('ann')).slots, []);
    const shared = { userId: EVERYONE, version: -1, items: [someItem('tea', 8), someItem('soap', 4)] };
    await putProposal(someProposal(shared));
    await waitFor(async () => itemsOf(await slateOf('ann')).length === 2, { message: 'trending is served' });
    const items = [someItem('oats', 0.9, { because: someCause() }), someItem('milk', 0.8)];
    const own = { model: 'medoid-neighbours', generation: 'g1', items, recent: ['milk'] };
    await putProposal(someProposal({ ...own, version: 41 }));
    const slate = await waitFor(
      async () => {
        const answer = await slateOf('ann');
        return answer.interestsVersion === 41 && answer;
      },
      { message: 'her interests are served' },
    );
    assert.deepEqual(itemsOf(slate), ['oats', 'soap', 'tea']);
    assert.equal(slate.generation, 'g1');
    assert.deepEqual(slate.slots.find(({ itemId }) => itemId === 'oats')?.because, someCause());
    assert.deepEqual(itemsOf(await slateOf('bob')), ['soap', 'tea']);
  });

  it('an item that becomes unavailable or is withdrawn leaves the slates of users who do nothing', async () => {
    const put = (itemId: string, item: Item | null) =>
      test.produce('items', { key: itemId, value: item && test.encode('Item', item) });
    for (const itemId of ['soap', 'tea', 'oats']) await put(itemId, anItem({ itemId }));
    const shows = (...itemIds: string[]) =>
      waitFor(async () => itemsOf(await slateOf('ann')).join() === itemIds.join(), {
        message: `${itemIds} are shown`,
      });
    await shows('oats', 'soap', 'tea');
    await put('soap', anItem({ itemId: 'soap', availability: 'unavailable' }));
    await put('oats', null);
    await shows('tea');
    for (const itemId of ['soap', 'oats']) await put(itemId, anItem({ itemId }));
    await shows('oats', 'soap', 'tea');
  });

  it('the response is the slate in the log, with the trace of the request', async () => {
    const slate = await slateOf('ann', 2);
    const messages = await readAll('slates');
    const logged = await Promise.all(messages.map(({ value }) => test.codec.decode('Slate', value!)));
    const index = logged.findIndex(({ slateId }) => slateId === slate.slateId);
    assert.deepEqual(JSON.parse(JSON.stringify(logged[index])), slate);
    assert.equal(messages[index]?.key?.toString(), 'ann');
    assert.equal(String(messages[index]?.headers.traceparent), TRACE);
  });

  it('a probe is answered and not logged, and an explanation is no part of the log', async () => {
    const probe = await peer.post<Slate>('/slates', { userId: 'ann', n: 2, probe: true });
    const explained = await peer.post<ExplainedSlate>('/slates', {
      ...{ userId: 'ann', n: 2, explain: true, surface: 'home', device: 'mobile' },
    });
    assert.equal(explained.explain?.slots.length, explained.slots.length);
    const messages = await readAll('slates');
    const logged = await Promise.all(messages.map(({ value }) => test.codec.decode('Slate', value!)));
    assert.ok(logged.every(({ slateId }) => slateId !== probe.slateId));
    const { explain: _, ...slate } = explained;
    assert.deepEqual(
      JSON.parse(JSON.stringify(logged.find(({ slateId }) => slateId === slate.slateId))),
      slate,
    );
    assert.ok(
      slate.contextNames.includes('at.surface-home') && slate.contextNames.includes('at.device-mobile'),
    );
    assert.ok(slate.propensity > 0 && slate.policyId !== '' && slate.posteriorId !== '');
  });

  it('a request without a user or with a size out of range is rejected with the name of the field', async () => {
    for (const [body, code, field] of [
      [{ n: 5 }, 'field.missing', 'userId'],
      [{ userId: '', n: 5 }, 'field.invalid', 'userId'],
      [{ userId: 'ann', n: 51 }, 'field.invalid', 'n'],
    ] as const) {
      await assert.rejects(peer.post('/slates', body), { code, field, status: 400 });
    }
  });

  it('each reward is learned once, to the last bit as from the log, although the stage is killed', async () => {
    const users = Array.from({ length: 12 }, (_, index) => `user ${index}`);
    const sequences = new Map<number, number>();
    for (let step = 0; step < 150; step++) {
      const userId = users[step % users.length]!;
      // The partition is known only after its first reward: each user's first has number 1, a duplicate follows
      // later.
      const { partition } = await putReward(someReward(1, { userId, reward: 0.5 }));
      const sequence = Math.max(1, sequences.get(partition) ?? 0) + 1;
      await putReward(someReward(sequence, { userId }));
      sequences.set(partition, sequence);
      if (step === 75) {
        await peer.close();
        await stage.stop('SIGKILL');
      }
    }
    await start();
    // Two rewards are a slate, which is learned when it is complete.
    const observations = () => [...sequences.values()].reduce((sum, last) => sum + last - (last % 2), 0);
    const slate = await waitFor(
      async () => {
        const answer = await slateOf('ann');
        return answer.observations === observations() && answer;
      },
      { message: 'everything is learned' },
    );
    assert.equal(slate.policy, 'thompson(draws=64)');
    assert.deepEqual(await statisticsOfTheStage(), await statisticsOfTheLog());
  });

  it('pools and statistics are those of the log again after Redis was emptied, and each request is answered', async () => {
    await emptyRedis(redis, test.namespace);
    await waitFor(async () => (await slateOf('ann')).interestsVersion === 41, {
      message: 'her proposals are read again',
    });
    await waitFor(async () => itemsOf(await slateOf('bob')).join() === 'soap,tea', {
      message: 'the lists for everyone are read again',
    });
    const learned = await statisticsOfTheLog();
    await waitFor(async () => isDeepStrictEqual(await statisticsOfTheStage(), learned), {
      message: 'the statistics of the log',
    });
    const messages = await readAll('rewards');
    const { partition } = messages.find(({ key }) => key?.toString() === 'user 0')!;
    const rewards = messages.filter((message) => message.partition === partition);
    const numbers = await Promise.all(
      rewards.map(async ({ value }) => (await test.codec.decode('Reward', value!)).sequence),
    );
    // The last of two completes a slate, whatever came before: only whole slates are learned.
    for (const more of [1, 2]) await putReward(someReward(Math.max(...numbers) + more, { userId: 'user 0' }));
    const next = await statisticsOfTheLog();
    assert.notDeepEqual(next, learned);
    await waitFor(async () => isDeepStrictEqual(await statisticsOfTheStage(), next), {
      message: 'learning goes on',
    });
  });

  it('the stage drains on SIGTERM', async () => {
    assert.equal(await stage.stop(), 0);
  });
});
