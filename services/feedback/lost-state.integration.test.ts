import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Reward } from '#contracts/generated/records.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { RULES, START, someAction, someSlate } from './attribution.testing.ts';
import { messagesOf } from './joiner.testing.ts';
import { createJoiner } from './joiner.ts';
import { createRedisJoinStore } from './redis-store.ts';

const ITEMS = ['apple', 'bread'];
const UNREADABLE = [
  '{"pending":',
  'null',
  '[]',
  '7',
  '{"pending":[{}],"recent":[]}',
  '{"pending":[],"recent":[null]}',
];

describe('a partition whose state is lost in part', () => {
  let test: TestRedis;

  before(async () => {
    test = await openTestRedis();
  });

  after(() => test.close());

  /** Ann has seen s1 and has acted, bob has seen s2; then `lose` happens, and everything closes in a new process. */
  async function afterLoss(lose: (key: (part: string) => string) => Promise<unknown>) {
    const name = randomUUID();
    const keyOf = (partition: number, part: string) => test.key(name, `{${partition}}`, part);
    const log: Reward[] = [];
    const lost: Record<string, number> = {};
    function start() {
      const report = (part: string, count: number) => {
        lost[part] = (lost[part] ?? 0) + count;
      };
      return createJoiner({
        store: createRedisJoinStore({ redis: test.redis, keyOf, lost: report }),
        rules: RULES,
        idleMs: 0,
        produce: async (some) => void log.push(...some.map(({ reward }) => reward)),
        countLate: () => {},
        countRepeated: () => {},
        countLost: (slots) => report('shown', slots),
        now: () => START,
        lastSequence: async () => 0,
      });
    }
    const first = start();
    const slates = messagesOf(0, [someSlate('s1', 'ann', 0, ITEMS), someSlate('s2', 'bob', 0, ITEMS)]);
    const actions = messagesOf(0, [
      someAction('ann', 'apple', 'click', 5),
      someAction('cid', 'apple', 'click', 5),
    ]);
    await first.applySlates(0, slates);
    await first.applyActions(0, actions);
    await lose((part) => keyOf(0, part));
    const second = start();
    await second.applySlates(0, slates);
    await second.applyActions(0, actions);
    const close = (at: number) => second.tick(0, { slates: 0, actions: 0, askedAt: START + at });
    await close(10_000);
    await close(10_001);
    await second.applySlates(0, messagesOf(0, [someSlate('s3', 'ann', 20_000, ITEMS)], 2));
    await second.applyActions(0, messagesOf(0, [someAction('ann', 'bread', 'buy', 20_005)], 2));
    await close(40_000);
    await close(80_000);
    assert.deepEqual(
      log.map(({ sequence }) => sequence),
      log.map((_, index) => index + 1),
    );
    const rewards = log.map(({ rewardId, reward }) => `${rewardId}: ${reward}`).sort();
    const late = ['s3/0: 0', 's3/1: 1'];
    assert.deepEqual(rewards.slice(-2), late, 'what comes later earns as ever');
    for (const part of ['users', 'closes', 'remembered', 'outbox'])
      assert.equal(await test.redis.exists(keyOf(0, part)), 0, `${part} is empty at the end`);
    return { rewards: rewards.slice(0, -2), lost };
  }

  const COMPLETE = ['s1/0: 0.2', 's1/1: 0', 's2/0: 0', 's2/1: 0'];

  it('nothing is lost: every slot earns its reward', async () => {
    assert.deepEqual(await afterLoss(async () => {}), { rewards: COMPLETE, lost: {} });
  });

  it('the shown slates are lost: their slots are counted and earn nothing', async () => {
    const { rewards, lost } = await afterLoss((key) => test.redis.del(key('shown')));
    assert.deepEqual({ rewards, lost }, { rewards: [], lost: { shown: 4 } });
  });

  it('one shown slate is unreadable or has too few slots: the others earn as ever', async () => {
    for (const [text, count] of [
      ['{"slateId":', 2],
      ['null', 2],
      ['{"slateId":"s1","userId":"ann","servedAt":5,"slots":[]}', 2],
    ] as const) {
      const { rewards, lost } = await afterLoss((key) => test.redis.hset(key('shown'), 's1', text));
      assert.deepEqual({ rewards, lost }, { rewards: COMPLETE.slice(2), lost: { shown: count } }, text);
    }
  });

  it('the users are lost while the indexes name them: they are counted and removed from the indexes', async () => {
    const { rewards, lost } = await afterLoss((key) => test.redis.del(key('users')));
    assert.deepEqual({ rewards, lost }, { rewards: [], lost: { users: 3 } });
  });

  it('a user is unreadable: the others earn as ever', async () => {
    for (const text of UNREADABLE) {
      const { rewards, lost } = await afterLoss((key) => test.redis.hset(key('users'), 'ann', text));
      assert.deepEqual({ rewards, lost }, { rewards: COMPLETE.slice(2), lost: { users: 1 } }, text);
    }
  });

  it('an index is lost: it is made anew, and every slot earns its reward', async () => {
    for (const parts of [['closes'], ['remembered'], ['closes', 'remembered']]) {
      const { rewards, lost } = await afterLoss((key) => test.redis.del(...parts.map(key)));
      assert.deepEqual(rewards, COMPLETE, parts.join());
      assert.ok(lost.index! > 0, parts.join());
    }
  });

  it('a user has an empty state or is unreadable, and no index names it: it is removed', async () => {
    for (const text of ['{"pending":[],"recent":[]}', ...UNREADABLE]) {
      const { rewards, lost } = await afterLoss((key) =>
        test.redis.hset(key('users'), { eve: text, fay: text, gil: text, hal: text }),
      );
      assert.deepEqual(rewards, COMPLETE, text);
      assert.ok(lost.index! > 0, text);
    }
  });

  it('a reward that waits in the outbox is unreadable: it is counted, and the others are sent', async () => {
    const { rewards, lost } = await afterLoss((key) =>
      test.redis.zadd(key('outbox'), 0, '{"reward":', 0, 'null'),
    );
    assert.deepEqual({ rewards, lost }, { rewards: COMPLETE, lost: { outbox: 2 } });
  });
});
