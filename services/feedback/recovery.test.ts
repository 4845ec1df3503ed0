import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reward } from '#contracts/generated/records.ts';
import { StateLost } from '#platform/kafka/held-state.ts';
import { RULES, START, someAction, someSlate } from './attribution.testing.ts';
import { messagesOf } from './joiner.testing.ts';
import { createJoiner, type JoinerOptions } from './joiner.ts';
import { createMemoryJoinStore } from './memory-store.testing.ts';
import { createRecovery, RewardsReading } from './recovery.ts';

const SLATES = messagesOf(0, [someSlate('s1', 'ann', 0, ['apple']), someSlate('s2', 'bob', 0, ['bread'])]);
const ACTIONS = messagesOf(0, [someAction('ann', 'apple', 'click', 5)]);

describe('a rebuild of the join', () => {
  function setUp({ bounds, log = [] }: Pick<JoinerOptions, 'bounds'> & { log?: Reward[] } = {}) {
    const store = createMemoryJoinStore();
    const recovery = createRecovery({
      store,
      async readLogged() {
        const reading = new RewardsReading();
        for (const reward of log) reading.take(reward);
        return reading;
      },
      readNewest: async () => Math.max(0, ...log.map(({ sequence }) => sequence)),
      retentionMs: 1_000,
      now: () => START,
    });
    const joiner = createJoiner({
      store: recovery.store,
      rules: RULES,
      idleMs: 0,
      produce: async (queued) => void log.push(...queued.map(({ reward }) => reward)),
      countLate: () => {},
      countRepeated: () => {},
      now: () => START,
      lastSequence: recovery.lastSequence,
      ...(bounds === undefined ? {} : { bounds }),
    });
    async function readAll(): Promise<void> {
      await joiner.applySlates(0, SLATES, 1, 0);
      await joiner.applyActions(0, ACTIONS, 0, 0);
    }
    const close = () => joiner.tick(0, { slates: 2, actions: 1, askedAt: START + 10_000 });
    const numbered = () => log.map(({ sequence, rewardId }) => `${sequence} ${rewardId}`);
    return { log, store, recovery, joiner, readAll, close, numbered };
  }
  const ONCE = ['1 s1/0', '2 s2/0'];

  it('writes no reward twice after the state was deleted, and continues the numbers of the log', async () => {
    const { recovery, joiner, readAll, close, numbered } = setUp();
    await readAll();
    await close();
    assert.deepEqual(numbered(), ONCE);
    await joiner.exclusively(0, () => recovery.clear(0));
    await readAll();
    await close();
    assert.deepEqual(numbered(), ONCE);
    await joiner.applySlates(0, messagesOf(0, [someSlate('s3', 'ann', 20_000, ['apple'])], 2));
    await joiner.tick(0, { slates: 3, actions: 1, askedAt: START + 40_000 });
    assert.deepEqual(numbered(), [...ONCE, '3 s3/0']);
  });

  it('writes no reward twice if the store is empty, although nobody noticed that it was emptied', async () => {
    const before = setUp();
    await before.readAll();
    await before.close();
    const { readAll, close, numbered } = setUp({ log: before.log });
    await readAll();
    await close();
    assert.deepEqual(numbered(), ONCE);
  });

  it('is asked for when the store holds an older copy, which knows fewer rewards than the log', async () => {
    const { store, recovery, readAll, close } = setUp();
    await readAll();
    const copy = await store.readHead(0);
    await close();
    assert.notEqual(await recovery.readTopicHead('slates', 0), undefined);
    const { readHead } = store;
    store.readHead = async () => copy;
    await assert.rejects(recovery.store.readHead(0), StateLost);
    assert.equal(await recovery.readTopicHead('slates', 0), undefined, 'also after the log was compared');
    recovery.forget();
    assert.equal(await recovery.readTopicHead('slates', 0), undefined);
    store.readHead = readHead;
    assert.notEqual(await recovery.readTopicHead('slates', 0), undefined);
  });

  it('is asked for when the state is another one than was compared with the log', async () => {
    const { store, recovery } = setUp();
    const name = (incarnation: string) =>
      store.writeTopicHead('slates', 0, { offset: 7, topicId: 't', incarnation });
    assert.equal(recovery.isCompared(0), false);
    await name('i');
    recovery.continueWith(0, 'i');
    recovery.forget();
    assert.equal(recovery.isCompared(0), true);
    assert.equal((await recovery.store.readHead(0)).slatesOffset, 7);
    await name('of a copy');
    await assert.rejects(recovery.store.readHead(0), StateLost);
  });

  it('writes a reward again that its readers have dropped, because an older copy had given it a used number', async () => {
    const { log, recovery, joiner, readAll, close, numbered } = setUp();
    await readAll();
    await close();
    log.splice(1, 1, { ...log[1]!, sequence: 1 });
    await joiner.exclusively(0, () => recovery.clear(0));
    await readAll();
    await close();
    assert.deepEqual(numbered(), ['1 s1/0', '1 s2/0', '2 s2/0']);
  });

  it('is asked for when the state is lost between two steps of one batch', async () => {
    const { store, joiner } = setUp({ bounds: { messages: 1, rewards: 9 } });
    const { commit } = store;
    store.commit = async (partition, change) => {
      const isCommitted = await commit(partition, change);
      await store.clear(0, START);
      return isCommitted;
    };
    await assert.rejects(joiner.applySlates(0, SLATES, 1, 0), StateLost);
  });
});
