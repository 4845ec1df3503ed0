import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { observe } from '#algorithms/bandit/statistics.ts';
import type { Reward } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { createMemoryPoolStore } from '../pools/memory-store.testing.ts';
import { blockKey, decodeBlock, encodeBlock } from './blocks.ts';
import { createLearner } from './learner.ts';
import { createMemoryStatisticsStore } from './memory-store.testing.ts';
import { createPosteriorReader, readPosterior } from './posterior.ts';
import { applyRewards, someReward, someRewards, TERMS } from './rewards.testing.ts';
import { MAX_COLUMNS, nothingLearned, type RewardOutcome } from './rewards.ts';

const PARTITION = 2;

function batchOf(
  rewards: readonly Reward[],
  from: number,
  to: number,
  rejected: number[] = [],
): IncomingBatch<Reward> {
  return {
    topic: 'rewards',
    partition: PARTITION,
    messages: rewards.slice(from, to).map((value, index) => ({
      partition: PARTITION,
      offset: from + index,
      key: value.userId,
      timestamp: value.servedAt,
      value,
      trace: undefined,
    })),
    lastOffset: to - 1,
    reject: (offset) => void rejected.push(offset),
  };
}

test('redelivered batches, crashes and rebalances leave the sums of one reading of the log', async () => {
  const steps = fc.array(
    fc.record({
      size: fc.integer({ min: 1, max: 9 }),
      back: fc.nat(6),
      forget: fc.boolean(),
      fail: fc.boolean(),
    }),
  );
  await fc.assert(
    fc.asyncProperty(steps, async (plan) => {
      // The log itself contains duplicates, as feedback leaves them after a crash.
      const log = [...someRewards(20), ...someRewards(30).slice(15)];
      const inner = createMemoryStatisticsStore();
      let failing = false;
      const learner = createLearner({
        store: {
          ...inner,
          async save(partition, held) {
            if (failing) throw new Error('connection lost');
            return inner.save(partition, held);
          },
        },
        terms: TERMS,
        count: () => {},
      });
      let read = 0;
      for (const { size, back, forget, fail } of plan) {
        const from = Math.max(0, read - back);
        const to = Math.min(log.length, from + size);
        if (forget) learner.forget();
        failing = fail;
        const done = await learner.learn(batchOf(log, from, to)).then(
          () => true,
          () => false,
        );
        if (done) read = Math.max(read, to);
      }
      failing = false;
      await learner.learn(batchOf(log, read, log.length));
      await learner.learn(batchOf(log, 0, log.length));
      const expected = nothingLearned();
      applyRewards(expected, log);
      const { learned, offset } = await inner.load(PARTITION);
      expected.changed.clear();
      assert.deepEqual({ learned, offset }, { learned: expected, offset: log.length - 1 });
    }),
  );
});

test('each reward is counted by its outcome, and an invalid one goes to the dead letters', async () => {
  const outcomes: RewardOutcome[] = [];
  const rejected: number[] = [];
  const learner = createLearner({
    store: createMemoryStatisticsStore(),
    terms: TERMS,
    count: (outcome) => void outcomes.push(outcome),
  });
  const featureNames = Array.from({ length: MAX_COLUMNS + 1 }, (_, index) => `f${index}`);
  const log = [
    someReward(1),
    someReward(1),
    someReward(2, { reward: Number.NaN }),
    someReward(3, { featureNames, features: featureNames.map(() => 1) }),
    someReward(4),
    someReward(5, { exposure: 'unknown' }),
    someReward(6, { exposure: 'unseen' }),
    someReward(7, { servedAt: someReward(1).servedAt - 40 * 86_400_000 }),
  ];
  await learner.learn(batchOf(log, 0, log.length, rejected));
  assert.deepEqual(outcomes, [
    ...['taken', 'repeat', 'invalid', 'too-many-columns', 'taken'],
    ...['unseen', 'unseen', 'taken'],
  ]);
  assert.deepEqual(rejected, [2, 3]);
});

test('one reward with a huge sequence number does not make repeats of the later ones', async () => {
  const outcomes: RewardOutcome[] = [];
  const rejected: number[] = [];
  const learner = createLearner({
    store: createMemoryStatisticsStore(),
    terms: TERMS,
    count: (outcome) => void outcomes.push(outcome),
  });
  const log = [someReward(1), someReward(2 ** 52), someReward(2), someReward(4)];
  await learner.learn(batchOf(log, 0, log.length, rejected));
  assert.deepEqual(outcomes, ['taken', 'invalid', 'taken', 'taken']);
  assert.deepEqual(rejected, [1]);
});

test('statistics that rewards within the bounds cannot lead to are forgotten, and learning continues', async () => {
  const store = createMemoryStatisticsStore();
  const poisoned = nothingLearned();
  applyRewards(poisoned, [someReward(1), someReward(2)]);
  poisoned.sequence = 1;
  const [block] = poisoned.blocks.values();
  observe(block!.statistics, ['bias', 'popularity'], Float64Array.of(1, 1e200), 1);
  await store.save(PARTITION, { learned: poisoned, offset: 0, incarnation: undefined });
  const { posterior, observations } = await readPosterior(store, PARTITION + 1, {
    ...TERMS,
    priorDeviation: 1,
    noiseVariance: 0.1,
  });
  assert.deepEqual([posterior.mean.length, observations], [0, 0]);
  const learner = createLearner({ store, terms: TERMS, count: () => {} });
  await learner.learn(batchOf([someReward(1), someReward(2)], 0, 2));
  const { learned } = await store.load(PARTITION);
  assert.deepEqual(
    [...learned.blocks.values()].map(({ statistics }) => statistics.count),
    [1],
  );
});

test('the posterior is learned again only after a partition has advanced or begun again', async () => {
  const store = createMemoryStatisticsStore();
  let loads = 0;
  const counted = {
    ...store,
    load(partition: number) {
      loads++;
      return store.load(partition);
    },
  };
  const read = createPosteriorReader(counted, PARTITION + 1, {
    ...TERMS,
    priorDeviation: 1,
    noiseVariance: 0.1,
  });
  const empty = await read();
  assert.equal(await read(), empty);
  assert.equal(loads, PARTITION + 1);
  const learner = createLearner({ store, terms: TERMS, count: () => {} });
  await learner.learn(batchOf(someRewards(2), 0, 2));
  const learned = await read();
  assert.equal(learned.observations, 2);
  assert.notEqual(learned.id, empty.id);
  assert.equal(await read(), learned);
  await store.writeHead(PARTITION, { offset: 1, topicId: undefined, incarnation: 'another' });
  assert.notEqual(await read(), learned);
  await store.clear(PARTITION);
  assert.equal((await read()).observations, 0);
});

test('showings are noted once before the statistics include them, with reactions, and without slots that nobody saw', async () => {
  const pools = createMemoryPoolStore();
  const reward = (sequence: number, change: Partial<Reward>): Reward =>
    someReward(sequence, { slateId: 's', slot: sequence - 1, slots: 4, ...change });
  const log = [
    reward(1, { itemId: 'tea', reward: 0, actionType: null, exposure: 'unknown' }),
    reward(2, { itemId: 'mate', reward: 0, actionType: null, exposure: 'seen' }),
    reward(3, { itemId: 'rye', reward: 0, actionType: null, exposure: 'unseen' }),
    reward(4, { itemId: 'oats', reward: -0.5, actionType: 'hide', exposure: 'seen' }),
    // Feedback sends rewards again after a crash, at other offsets.
    reward(1, { itemId: 'tea', reward: 0, actionType: null, exposure: 'unknown' }),
  ];
  let isDown = true;
  const inner = createMemoryStatisticsStore();
  const store = {
    ...inner,
    async save(...saved: Parameters<typeof inner.save>) {
      if (isDown) throw new Error('connection lost');
      return inner.save(...saved);
    },
  };
  const { noteShown } = pools;
  const learner = createLearner({ store, terms: TERMS, count: () => undefined, noteShown });
  await assert.rejects(learner.learn(batchOf(log, 0, 5)), /connection lost/);
  isDown = false;
  await learner.learn(batchOf(log, 0, 5));
  await learner.learn(batchOf(log, 2, 5));
  const { shown } = await pools.readFor('ann');
  assert.deepEqual(
    [...shown.values()].map(({ itemId, count }) => [itemId, count]),
    [
      ['tea', 1],
      ['mate', 1],
    ],
  );
});

test('statistics of before a feature existed go on with it, to the same bits as a new reading of the log', async () => {
  const before = someRewards(40);
  const after = someRewards(80)
    .slice(40)
    .map((reward) => ({
      ...reward,
      features: [...reward.features, (reward.slot + 1) / 16],
      featureNames: [...reward.featureNames, 'item.shown'],
    }));
  const continued = nothingLearned();
  applyRewards(continued, before);
  const stored = [...continued.blocks.values()].map((block) => decodeBlock(encodeBlock(block)));
  for (const block of stored) continued.blocks.set(blockKey(block.index), block);
  applyRewards(continued, after);
  const rebuilt = nothingLearned();
  applyRewards(rebuilt, [...before, ...after]);
  assert.deepEqual(
    [...continued.blocks.values()].map(encodeBlock),
    [...rebuilt.blocks.values()].map(encodeBlock),
  );
  const [block] = rebuilt.blocks.values();
  assert.ok(block!.statistics.columns.has('item.shown'));
});
