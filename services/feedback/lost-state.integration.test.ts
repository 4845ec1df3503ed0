import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Reward } from '#contracts/generated/records.ts';
import { StateLost } from '#platform/kafka/held-state.ts';
import { openTestRedis, type TestRedis } from '#platform/testing/redis.ts';
import { RULES, START, someAction, someSlate } from './attribution.testing.ts';
import { messagesOf } from './joiner.testing.ts';
import { createJoiner } from './joiner.ts';
import { createRecovery, RewardsReading } from './recovery.ts';
import { createRedisJoinStore } from './redis-store.ts';

const ITEMS = ['apple', 'bread'];
describe('a partition whose state is lost in part', () => {
  let test: TestRedis;

  before(async () => {
    test = await openTestRedis();
  });

  after(() => test.close());

  /**
   * Ann has seen s1 and has acted, bob has seen s2; then `lose` happens, and everything closes in a new process, which rebuilds
   * the partition as the consumer does whenever it finds the state to be lost.
   */
  async function afterLoss(lose: (key: (part: string) => string) => Promise<unknown>) {
    const name = randomUUID();
    const keyOf = (partition: number, part: string) => test.key(name, `{${partition}}`, part);
    const log: Reward[] = [];
    const lost: Record<string, number> = {};
    const slates = messagesOf(0, [someSlate('s1', 'ann', 0, ITEMS), someSlate('s2', 'bob', 0, ITEMS)]);
    const actions = messagesOf(0, [
      someAction('ann', 'apple', 'click', 5),
      someAction('cid', 'apple', 'click', 5),
      someAction('ann', 'bread', 'buy', 6),
      // It waits for slates that may come, when the others have paid.
      someAction('eve', 'bread', 'buy', 20),
    ]);
    function start() {
      const report = (part: string) => {
        lost[part] = (lost[part] ?? 0) + 1;
      };
      const store = createRedisJoinStore({ redis: test.redis, keyOf, lost: report });
      const recovery = createRecovery({
        store,
        async readLogged() {
          const reading = new RewardsReading();
          for (const reward of log) reading.take(reward);
          return reading;
        },
        readNewest: async () => Math.max(0, ...log.map(({ sequence }) => sequence)),
        retentionMs: Number.POSITIVE_INFINITY,
        now: () => START,
      });
      const joiner = createJoiner({
        store: recovery.store,
        rules: RULES,
        idleMs: 0,
        produce: async (some) => void log.push(...some.map(({ reward }) => reward)),
        countLate: () => {},
        countRepeated: () => {},
        now: () => START,
        lastSequence: recovery.lastSequence,
      });
      async function rebuilding(work: () => Promise<void>): Promise<void> {
        await work().catch((error: unknown) => assert.ok(error instanceof StateLost, String(error)));
        const head = await recovery.readTopicHead('slates', 0);
        if (head !== undefined) return;
        recovery.forget();
        await joiner.exclusively(0, () => recovery.clear(0));
        await joiner.applySlates(0, slates, undefined, 0);
        await joiner.applyActions(0, actions, undefined, 0);
        await work();
      }
      return { joiner, rebuilding };
    }
    const { joiner: first } = start();
    await first.applySlates(0, slates);
    await first.applyActions(0, actions);
    await first.tick(0, { slates: 2, actions: 4, askedAt: START + RULES.slateDelayMs + 10 });
    await lose((part) => keyOf(0, part));
    const { joiner, rebuilding } = start();
    const close = (at: number) =>
      rebuilding(() => joiner.tick(0, { slates: 0, actions: 0, askedAt: START + at }));
    await rebuilding(() => joiner.applySlates(0, slates));
    await close(10_000);
    await close(10_001);
    await joiner.applySlates(0, messagesOf(0, [someSlate('s3', 'ann', 20_000, ITEMS)], 2));
    await joiner.applyActions(0, messagesOf(0, [someAction('ann', 'bread', 'buy', 20_005)], 4));
    await close(40_000);
    await close(80_000);
    assert.deepEqual(
      log.map(({ sequence }) => sequence),
      log.map((_, index) => index + 1),
    );
    for (const part of ['slates', 'ends', 'open', 'acts', 'acted', 'due', 'rewards'])
      assert.equal(await test.redis.exists(keyOf(0, part)), 0, `${part} is empty at the end`);
    assert.deepEqual(log.map(({ rewardId, reward }) => `${rewardId}: ${reward}`).sort(), COMPLETE);
    return lost;
  }

  const COMPLETE = ['s1/0: 0.2', 's1/1: 1', 's2/0: 0', 's2/1: 0', 's3/0: 0', 's3/1: 1'];

  it('nothing is lost: every slot earns its reward', async () => {
    assert.deepEqual(await afterLoss(async () => {}), {});
  });

  it('a key is lost: it is counted, and every slot earns its reward after a rebuild', async () => {
    for (const part of ['slates', 'ends', 'open', 'acts', 'acted', 'due', 'ids'])
      assert.deepEqual(await afterLoss((key) => test.redis.del(key(part))), { slates: 1 }, part);
  });

  it('a key has an entry too many or too few: it is counted, and every slot earns its reward after a rebuild', async () => {
    for (const lose of [
      (key: (part: string) => string) => test.redis.hdel(key('slates'), '1'),
      (key: (part: string) => string) => test.redis.zpopmin(key('open')),
      (key: (part: string) => string) => test.redis.zadd(key('ends'), 0, '77'),
    ])
      assert.deepEqual(await afterLoss(lose), { slates: 1 });
  });

  it('a slate or what a slot has earned is unreadable: every slot earns its reward after a rebuild', async () => {
    for (const [part, field] of [
      ['slates', '0'],
      ['acts', '0:0'],
    ] as const)
      for (const text of [
        '',
        '\x00\x07',
        '{"slateId":',
        'null',
        '-1 -1 nothing',
        '\x00\x01\x00\x00\x00\x02{}',
      ])
        assert.deepEqual(
          await afterLoss((key) => test.redis.hset(key(part), field, text)),
          { slates: 1 },
          `${part} ${text}`,
        );
  });

  it('a reward that waits in the outbox is unreadable or lost: every slot earns its reward after a rebuild', async () => {
    for (const text of ['{"reward":', 'null'])
      assert.deepEqual(
        await afterLoss(async (key) => {
          await test.redis.zadd(key('rewards'), 0, text);
          await test.redis.hset(key('join'), 'rewards', '1');
        }),
        { outbox: 1 },
      );
    assert.deepEqual(await afterLoss((key) => test.redis.hset(key('join'), 'rewards', '1')), {
      outbox: 1,
    });
  });
});
