import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_ACTION_WEIGHTS, DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { timestampOf } from '#contracts/domain/action-validity.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import {
  anAction,
  anEmbedding,
  aProposal,
  aProposedItem,
  aRelease,
  aReward,
  aSlate,
  aSlot,
  RECORDED_AT,
  someInterests,
} from '#contracts/domain/records.testing.ts';
import type { Reward, Slate, UserAction } from '#contracts/generated/records.ts';
import { USER_PARTITIONS } from '#topics/catalog.ts';
import { partitionOfKey } from '#topics/partitioner.ts';
import { MAIN_OBJECTIVE } from '../../../services/feedback/objectives.ts';
import { checkAcknowledged } from './acknowledged.ts';
import type { LogRecord } from './log-record.ts';
import { checkRewards, type RewardTerms } from './rewards.ts';
import { checkAnswers, checkGenerations } from './slates.ts';
import { checkStatistics, foldRewards } from './statistics.ts';
import { checkWindows, foldActions, spaceOf } from './windows.ts';

const CONFIG = {
  windowDays: 90,
  windowMaximum: 400,
  lambdaPerDay: 0.01,
  actionWeights: DEFAULT_ACTION_WEIGHTS,
  recentMaximum: 100,
  refreshUsersPerSecond: 1_000,
  hotUsersMib: 1,
  vectorCacheItems: 0,
  indexUrls: [],
};

const MINUTE = 60_000;
const TERMS: RewardTerms = {
  rules: {
    windowMs: 10 * MINUTE,
    objectives: [{ name: MAIN_OBJECTIVE, factor: 1, weights: DEFAULT_REWARDS }],
    teachesSilence: false,
    clockToleranceMs: 0,
    receiptToleranceMs: 0,
    slateDelayMs: MINUTE,
    slateMemoryMs: 60 * MINUTE,
  },
  idleMs: MINUTE,
  settledUntil: Number.POSITIVE_INFINITY,
};

/** The records in one partition each, at the offsets of their order. */
function logOf<V extends { userId: string }>(values: readonly V[], timestamp = RECORDED_AT): LogRecord<V>[] {
  return values.map((value, offset) => ({
    partition: partitionOfKey(value.userId, USER_PARTITIONS),
    offset,
    key: value.userId,
    timestamp,
    value,
  }));
}

function actionsOf(values: readonly UserAction[]): LogRecord<UserAction>[] {
  return logOf(values).map((record) => ({ ...record, timestamp: timestampOf(record.value!) }));
}

describe('the checker of acknowledged actions', () => {
  const [one, other] = [anAction(), anAction()];
  const log = logOf([one, other]);
  const acknowledged = log.map(({ value, partition, offset }) => ({
    eventId: value!.eventId,
    partition,
    offset,
  }));

  it('finds nothing where each action is at its place', () => {
    assert.deepEqual(checkAcknowledged(acknowledged, log), []);
  });

  it('finds an action that is missing, and one that is elsewhere', () => {
    assert.equal(checkAcknowledged(acknowledged, log.slice(1)).length, 1);
    const swapped = acknowledged.map((each, i) => ({ ...each, offset: acknowledged[1 - i]!.offset }));
    assert.equal(checkAcknowledged(swapped, log).length, 2);
  });
});

describe('the checker of windows', () => {
  const log = actionsOf(
    ['tea', 'nail', 'tea'].map((itemId, i) => anAction({ itemId, occurredAt: RECORDED_AT + i })),
  );
  const space = spaceOf(
    [{ key: 'g1', value: aRelease({ itemCount: 2 }) }],
    [anEmbedding({ itemId: 'tea' }), anEmbedding({ itemId: 'nail' }, [-1, 0])].map((value) => ({
      key: `g1/${value.itemId}`,
      value,
    })),
  );
  const options = { config: CONFIG, space, now: RECORDED_AT };

  it('finds nothing where the state is the fold of the log', async () => {
    assert.deepEqual(checkWindows(await foldActions(log, options), await foldActions(log, options)), []);
  });

  it('folds the actions with their medoids', async () => {
    const { interests } = (await foldActions(log, options)).get('u1')!;
    assert.deepEqual(
      JSON.parse(interests)
        .medoids.map(({ itemId }: { itemId: string }) => itemId)
        .sort(),
      ['nail', 'tea'],
    );
  });

  it('names a user whose window lacks an action, a user without a record, and a user who never acted', async () => {
    const lacking = await foldActions(
      log.filter(({ offset }) => offset !== 1),
      options,
    );
    const faults = checkWindows(lacking, await foldActions(log, options));
    assert.match(faults.join('\n'), new RegExp(`u1: another window; lacking: ${log[1]!.value!.eventId};`));
    assert.match(checkWindows(new Map(), lacking).join(), /u1: no record/);
    assert.match(checkWindows(lacking, new Map()).join(), /u1: a record, but/);
  });

  it('finds medoids of another space, unless only windows are compared', async () => {
    const [held, expected] = [
      await foldActions(log, { ...options, space: undefined }),
      await foldActions(log, options),
    ];
    assert.match(checkWindows(held, expected).join(), /interests.medoids is/);
    assert.deepEqual(checkWindows(held, expected, 'window'), []);
  });
});

describe('the checker of rewards', () => {
  const slots = [aSlot({ itemId: 'tea' }), aSlot({ itemId: 'nail' })];
  const slate = aSlate({ slots });
  const click = anAction({ type: 'click', occurredAt: RECORDED_AT + 5 });
  const right = [
    aReward({ reward: DEFAULT_REWARDS.click, actionType: 'click', delay: 5, slots: 2 }),
    aReward({
      ...{ slot: 1, itemId: 'nail', sequence: 2, reward: 0, actionType: null, delay: null },
      exposure: 'assumed',
      slots: 2,
    }),
  ];
  const check = (
    rewards: readonly Reward[],
    change: Partial<RewardTerms> = {},
    slates: readonly Slate[] = [slate],
  ) =>
    checkRewards(
      { slates: logOf(slates), actions: actionsOf([click]), rewards: logOf(rewards) },
      { ...TERMS, ...change },
    );

  it('finds nothing where each slot has the reward of the definition, also if rewards are repeated', () => {
    assert.deepEqual(check(right), []);
    assert.deepEqual(check([...right, ...right]), []);
  });

  it('finds another value, a missing slot, a reward of no slot, a second number and a gap', () => {
    assert.match(
      check([{ ...right[0]!, delay: 6 }, right[1]!]).join(),
      /earned 0\.2 by click after 6|after 6, not/,
    );
    assert.match(check(right.slice(0, 1)).join(), /the slot s1\/1 has no reward/);
    assert.match(check(right, {}, []).join(), /the reward s1\/0 is of no slot/);
    assert.match(check([...right, { ...right[0]!, sequence: 3 }]).join(), /s1\/0 .* is counted twice/);
    assert.match(check([right[0]!, { ...right[1]!, sequence: 3 }]).join(), /the sequence number 3 after 1/);
    assert.match(check([right[0]!, { ...right[1]!, sequence: 1 }]).join(), /the slot s1\/1 has no reward/);
    assert.match(check([{ ...right[0]!, features: [1, 1] }, right[1]!]).join(), /has the features \[1,1\]/);
  });

  it('finds an action that pays a second slate, one that pays another slot, and a wrong exposure', () => {
    const newer = aSlate({ slateId: 's2', servedAt: slate.servedAt + 1, slots });
    const later = right.map((reward, slot) => ({
      ...reward,
      ...{ slateId: 's2', rewardId: `s2/${slot}`, sequence: slot + 3, servedAt: newer.servedAt },
      delay: reward.delay && reward.delay - 1,
    }));
    assert.match(check([...right, ...later], {}, [slate, newer]).join(), /s1\/0 earned 0\.2 by click/);
    const [clicked, rest] = right;
    assert.match(
      check([clicked!, { ...rest!, exposure: 'unknown' }]).join(),
      /nothing, unknown, not nothing, assumed/,
    );
  });

  it('does not yet ask for the rewards of slates that may be open', () => {
    assert.deepEqual(check([], { settledUntil: RECORDED_AT }), []);
  });

  it('accepts with and without an action that was received after the clock may have closed the slate', () => {
    const late = { ...click, receivedAt: RECORDED_AT + 12 * MINUTE };
    for (const rewards of [
      right,
      right.map((reward) => ({
        ...reward,
        ...{ reward: 0, actionType: null, delay: null, exposure: 'unknown' as const },
      })),
    ])
      assert.deepEqual(
        checkRewards({ slates: logOf([slate]), actions: logOf([late]), rewards: logOf(rewards) }, TERMS),
        [],
      );
  });
});

describe('the checker of statistics', () => {
  const rewards = [1, 2, 3].map((sequence) => aReward({ slateId: `s${sequence}`, sequence }));

  it('finds nothing in a second reading, also where rewards are repeated', async () => {
    const repeated = [rewards[0]!, rewards[1]!, rewards[1]!, rewards[2]!];
    const held = await foldRewards(logOf(repeated));
    assert.deepEqual(checkStatistics(held, await foldRewards(logOf(repeated))), []);
  });

  it('finds a reward that was counted twice, lost, or counted in another order', async () => {
    const expected = await foldRewards(logOf(rewards));
    const twice = await foldRewards(logOf([...rewards, { ...rewards[2]!, sequence: 4 }]));
    assert.match(checkStatistics(twice, expected).join(), /end with the reward 4, not 3/);
    const lost = await foldRewards(logOf(rewards).filter(({ offset }) => offset !== 1));
    assert.match(checkStatistics(lost, expected).join(), /other sums/);
    assert.match(checkStatistics(new Map(), expected).join(), /are not stored/);
    assert.match(checkStatistics(expected, new Map()).join(), /not in the log/);
  });
});

describe('the checker of answered slates', () => {
  const log = logOf([aSlate(), aSlate({ slateId: 's2' })]);

  it('counts the slates of the log without an answer', () => {
    const answered = [{ slateId: 's1', itemIds: ['tea'] }];
    assert.deepEqual(checkAnswers(answered, log, 1), { faults: [], unanswered: 1 });
    assert.match(checkAnswers(answered, log, 0).faults.join(), /1 slates in the log have no answer/);
  });

  it('finds an answer that is not in the log, and one with other items', () => {
    assert.match(
      checkAnswers([{ slateId: 's3', itemIds: [] }], log, 2).faults.join(),
      /s3 was answered, but/,
    );
    assert.match(
      checkAnswers([{ slateId: 's1', itemIds: ['nail'] }], log, 2).faults.join(),
      /but the log has tea/,
    );
  });
});

describe('the checker of generations', () => {
  const interests = logOf([someInterests()]);
  const own = aProposal({ model: 'medoid-neighbours', generation: 'g1', version: 5 });
  const shared = aProposal({ userId: EVERYONE, version: -1, items: [aProposedItem({ itemId: 'nail' })] });
  const slots = [aSlot({ models: ['medoid-neighbours'] }), aSlot({ itemId: 'nail' })];
  const check = (generation: string, proposals = [own, shared]) =>
    checkGenerations({
      slates: logOf([aSlate({ generation, slots })]),
      proposals: logOf(proposals),
      interests,
    });

  it('finds nothing where each item was proposed in the generation of the slate, or in none', () => {
    assert.deepEqual(check('g1'), []);
  });

  it('finds an item of another generation, and a proposal for interests of another one', () => {
    assert.match(check('g2').join(), /of g2 shows tea, which medoid-neighbours did not propose in it/);
    assert.match(
      check('g1', [{ ...own, generation: 'g2' }, shared]).join(),
      /searched in g2 for interests 5 of u1/,
    );
  });
});
