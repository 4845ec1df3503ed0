import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { ACTION_TYPES, type Reward, type Slate, type UserAction } from '#contracts/generated/records.ts';
import { copyRedis, emptyRedis, openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { type StageProcess, startStageProcess } from '#platform/testing/stage-process.ts';
import { waitFor } from '#platform/testing/wait-for.ts';
import { readTopic } from '#topics/reader.ts';
import { openTestNamespace, type TestNamespace } from '#topics/test-namespace.ts';
import { RULES, rewardLine, rewardsByDefinition, someAction, someSlate } from './attribution.testing.ts';

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

interface Logs {
  readonly slates: Slate[];
  readonly actions: UserAction[];
}

describe('the feedback stage', () => {
  let test: TestNamespace;
  let stage: StageProcess;
  let redis: TestRedis;

  before(async () => {
    redis = await openTestRedis();
    test = await openTestNamespace();
    await test.apply();
  });

  after(async () => {
    await stage.stop();
    await emptyRedis(redis.redis, test.namespace);
    await redis.close();
    await test.close();
  });

  const start = () =>
    startStageProcess('feedback', {
      TRIBUTARY_NAMESPACE: test.namespace,
      TRIBUTARY_FEEDBACK_ATTRIBUTION_MS: String(RULES.windowMs),
      TRIBUTARY_FEEDBACK_SLATE_DELAY_MS: String(RULES.slateDelayMs),
      TRIBUTARY_FEEDBACK_CLOCK_TOLERANCE_MS: String(RULES.clockToleranceMs),
      TRIBUTARY_FEEDBACK_WEIGHTS: 'view=0',
      TRIBUTARY_FEEDBACK_TICK_MS: '50',
      TRIBUTARY_FEEDBACK_IDLE_MS: '100',
    });
  const putSlate = (slate: Slate) =>
    test.produce('slates', {
      key: slate.userId,
      value: test.encode('Slate', slate),
      headers: { traceparent: TRACE },
    });
  const putAction = (action: UserAction) =>
    test.produce('actions', { key: action.userId, value: test.encode('UserAction', action) });

  async function readRewards(): Promise<Array<{ partition: number; reward: Reward; trace: string }>> {
    const rewards: Array<{ partition: number; reward: Reward; trace: string }> = [];
    await readTopic({
      kafka: test.kafka,
      topic: test.topicOf('rewards'),
      from: { at: 'beginning' },
      onMessage: async ({ partition, value, headers }) => {
        const reward = await test.codec.decode('Reward', value!);
        rewards.push({ partition, reward, trace: String(headers.traceparent) });
      },
    });
    return rewards;
  }

  /** Slates and reactions of a few users, an hour old, by their partitions. */
  async function produceHistory(): Promise<void> {
    const random = createRandom('history');
    function logsOf(partition: number): Logs {
      const logs = history.get(partition) ?? { slates: [], actions: [] };
      history.set(partition, logs);
      return logs;
    }
    const oneOf = <T>(values: readonly T[]): T => values[random.integer(values.length)]!;
    const users = Array.from({ length: 20 }, (_, index) => `user ${index}`);
    const items = ['apple', 'bread', 'cheese', 'dates'];
    for (let step = 0; step < 300; step++) {
      const userId = oneOf(users);
      if (step % 3 === 0) {
        const slate = someSlate(`slate ${step}`, userId, step * 5, items.slice(random.integer(4)));
        logsOf((await putSlate(slate)).partition).slates.push(slate);
        continue;
      }
      const time = step * 5 + random.integer(60) - 30;
      const action = someAction(userId, oneOf(items), oneOf(ACTION_TYPES), time);
      logsOf((await putAction(action)).partition).actions.push(action);
    }
  }

  it('the rewards are those of the definition, each exactly once, although the stage is killed meanwhile', async () => {
    await produceHistory();
    const expected = definedRewards();
    stage = await start();
    await waitFor(async () => (await readRewards()).length > 0, { message: 'a first reward' });
    await stage.stop('SIGKILL');
    stage = await start();
    await rewardsReach(expected.length);
    const rewards = await requireRewards(expected);
    assert.ok(rewards.every(({ trace }) => trace === TRACE));
    assert.equal(await stage.stop(), 0);
  });

  it('the rewards are still those of the definition, each exactly once, after Redis was emptied meanwhile', async () => {
    await startAnew();
    await emptyRedis(redis.redis, test.namespace);
    await rewardsReach(definedRewards().length);
    await requireRewards(definedRewards());
    await stage.stop('SIGKILL');
    await emptyRedis(redis.redis, test.namespace);
    stage = await start();
    await putLater('slate last', 10_000);
    await rewardsReach(definedRewards().length);
    const rewards = await requireRewards(definedRewards());
    const ids = rewards.map(({ reward }) => reward.rewardId);
    assert.equal(new Set(ids).size, ids.length, 'no reward is in the log twice');
    assert.equal(await stage.stop(), 0);
  });

  it('the rewards are still those of the definition, each exactly once, after Redis was restored from an older copy', async () => {
    await startAnew();
    await stage.stop('SIGKILL');
    const older = await copyRedis(redis.redis, test.namespace);
    stage = await start();
    await putLater('slate later', 9_000);
    await rewardsReach(definedRewards().length);
    assert.equal(await stage.stop(), 0);
    await emptyRedis(redis.redis, test.namespace);
    await older.restore();
    stage = await start();
    await putLater('slate last', 10_000);
    await rewardsReach(definedRewards().length);
    await requireRewards(definedRewards());
    assert.equal(await stage.stop(), 0);
  });

  /** Starts the stage on a history in a namespace of its own, up to its first reward. */
  async function startAnew(): Promise<void> {
    await test.close();
    test = await openTestNamespace();
    await test.apply();
    history.clear();
    await produceHistory();
    stage = await start();
    await waitFor(async () => (await readRewards()).length > 0, { message: 'a first reward' });
  }

  async function putLater(slateId: string, servedAt: number): Promise<void> {
    const slate = someSlate(slateId, 'user 0', servedAt, ['apple']);
    history.get((await putSlate(slate)).partition)!.slates.push(slate);
  }

  const history = new Map<number, Logs>();
  const definedRewards = (): string[] =>
    [...history.values()].flatMap((logs) => rewardsByDefinition(logs, RULES)).sort();

  async function rewardsReach(count: number): Promise<void> {
    await waitFor(
      async () => {
        const ids = (await readRewards()).map(({ reward }) => reward.rewardId);
        return new Set(ids).size === count;
      },
      { message: 'the last reward', timeoutMs: 60_000 },
    );
  }

  /** Compares what a reader of `rewards` uses with the definition. @returns all rewards of the log */
  async function requireRewards(expected: readonly string[]): ReturnType<typeof readRewards> {
    const rewards = await readRewards();
    const last = new Map<number, number>();
    const fresh = rewards.filter(({ partition, reward: { sequence } }) => {
      const before = last.get(partition) ?? 0;
      if (sequence <= before) return false;
      assert.equal(sequence, before + 1, 'the sequence has a gap');
      last.set(partition, sequence);
      return true;
    });
    const described = fresh.map(({ reward }) => rewardLine(reward));
    assert.deepEqual(described.sort(), expected);
    return rewards;
  }
});
