import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { aReward } from '#contracts/domain/records.testing.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';
import { candidateSetOf, isSampled, loggableCandidates } from '../../services/rerank/candidate-log.ts';
import type { Candidates } from '../../services/rerank/candidates.ts';
import { readRerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { applyRules } from '../../services/rerank/rules.ts';
import { composeSlate } from '../../services/rerank/slate.ts';
import { type LimitSource, limitsOf } from '../../services/rerank/slate-limits.ts';
import { judgeLog } from './judge-log.ts';
import { PastPosteriors, type PlacedReward } from './past-posteriors.ts';
import { replaySlate } from './replay.ts';
import { candidatesMissing, settledSlates } from './slate-log.ts';

const CONFIG = readRerankConfig();
const POOL = {
  proposals: [],
  generation: 'g1',
  interestsVersion: 3,
  recent: new Set<string>(),
  lastReceivedAt: null,
};
const COLUMNS = ['bias', 'behaviour.score', 'popularity'];
const NAMES = ['at.history'];

function candidatesOfUser(user: number): Candidates {
  const random = createRandom(`candidates ${user}`);
  return loggableCandidates({
    candidates: Array.from({ length: 12 }, (_, i) => ({
      itemId: `i${user}-${i}`,
      models: ['behaviour'],
      because: null,
      explanation: 'because',
      popularity: 0.1,
    })),
    features: {
      columns: COLUMNS,
      values: Float64Array.from({ length: 12 * COLUMNS.length }, (_, i) =>
        i % COLUMNS.length === 0 ? 1 : random.normal(),
      ),
    },
  });
}

/** A log of slates by one policy, each on the posterior of its moment; popular items are rewarded. */
function logOf(policy: string, count: number, learners: readonly string[] = ['']) {
  const selected = selectArmPolicy(policy, CONFIG);
  assert.ok('label' in selected);
  const rewards: PlacedReward[][] = [[], []];
  const slates: { slate: Slate; set: CandidateSet; rewards: number[] }[] = [];
  const random = createRandom('clicks');
  const servedAt = Date.UTC(2026, 0, 5);
  for (let index = 0; index < count; index++) {
    const offsets = rewards.map((own) => own.length - 1);
    const learner = learners[index % learners.length]!;
    const held = new PastPosteriors(rewards, CONFIG).at(offsets, learner);
    const candidates = candidatesOfUser(index % 20);
    const slate = composeSlate({
      slateId: `s${index}`,
      userId: `u${index % 20}`,
      size: 3,
      pool: POOL,
      candidates,
      context: { names: NAMES, values: [0.5] },
      served: {
        label: selected.label,
        policy: selected.create(held.posterior),
        observations: held.observations,
        policyId: selected.idWith(CONFIG.deciding),
        posteriorId: held.id,
        epsilon: CONFIG.supportEpsilon,
        interactions: CONFIG.terms.interactions,
        learner,
      },
      now: servedAt + index * 1_000,
    });
    const set = candidateSetOf(slate, candidates, 3, offsets);
    const partition = index % 2;
    const earned = slate.slots.map(({ features }) =>
      random.next() < 1 / (1 + Math.exp(2 - 3 * features[2]!)) ? 1 : 0,
    );
    for (const [slot, reward] of earned.entries()) {
      const own = rewards[partition]!;
      own.push({
        offset: own.length,
        reward: aReward({
          rewardId: `s${index}/${slot}`,
          sequence: own.length + 1,
          slateId: `s${index}`,
          slot,
          slots: 3,
          reward,
          features: [...slate.slots[slot]!.features, 0.5],
          featureNames: [...COLUMNS, ...NAMES],
          servedAt: slate.servedAt,
          exposure: 'seen',
          learner,
        }),
      });
    }
    slates.push({ slate, set, rewards: earned });
  }
  return { slates, rewards };
}

test('a logged slate is made again to the bit, also after later rewards and in any order', () => {
  const { slates, rewards } = logOf('thompson', 60);
  const posteriors = new PastPosteriors(rewards, CONFIG);
  for (const index of [5, 59, 30]) {
    const { slate, set } = slates[index]!;
    const replayed = replaySlate(slate, set, posteriors.at(set.rewardOffsets), CONFIG);
    assert.ok('differences' in replayed);
    assert.deepEqual(replayed.differences, []);
    assert.deepEqual(
      replayed.slate.slots.map(({ itemId }) => itemId),
      slate.slots.map(({ itemId }) => itemId),
    );
  }
});

test('a slate of an arm that learns apart is made again from the rewards of its arm, and not from those of all', () => {
  const { slates, rewards } = logOf('thompson', 60, ['autumn/control', 'autumn/new']);
  const posteriors = new PastPosteriors(rewards, CONFIG);
  const { slate, set } = slates[59]!;
  assert.equal(slate.learner, 'autumn/new');
  const replayed = replaySlate(slate, set, posteriors.at(set.rewardOffsets, slate.learner), CONFIG);
  assert.ok('differences' in replayed);
  assert.deepEqual(replayed.differences, []);
  const shared = replaySlate(slate, set, posteriors.at(set.rewardOffsets), CONFIG);
  assert.match('reason' in shared ? shared.reason : '', /its posterior is /);
});

test('a slate by rules is made again too: pins that no model proposed, boosts, slots for cold items, kinds and alike items', () => {
  const rules = {
    pins: [{ slot: 1, itemId: 'pinned' }],
    boosts: [
      { filter: { anyCategory: ['new'], attributes: [] }, score: 0.1, until: Number.MAX_SAFE_INTEGER },
    ],
    coldSlots: 1,
  };
  const config = { ...CONFIG, rules, ofOneKind: 1, leastNovelty: 0.8 };
  const held = new PastPosteriors([[], []], config).at([-1, -1]);
  const { label, create, idWith } = CONFIG.policy;
  const candidates = candidatesOfUser(1);
  const options = {
    rules,
    now: 0,
    mayShow: () => true,
    testOf: () => (itemId: string) => itemId.endsWith('3'),
  };
  const ruled = loggableCandidates(applyRules(candidates, options));
  const source: LimitSource = {
    version: 1,
    kindOf: (itemId) => itemId.length,
    termsOf: (itemId) => [itemId.length % 3, 10 + itemId.charCodeAt(itemId.length - 1)],
  };
  const limits = limitsOf(ruled, 5, config, source);
  const slate = composeSlate({
    slateId: 'ruled',
    userId: 'u1',
    size: 5,
    pool: POOL,
    candidates,
    rules: { ruled, coldSlots: rules.coldSlots },
    limits,
    served: {
      label,
      policy: create(held.posterior),
      observations: 0,
      policyId: idWith(config.deciding),
      posteriorId: held.id,
      epsilon: CONFIG.supportEpsilon,
    },
    now: 0,
  });
  assert.equal(slate.slots[1]!.itemId, 'pinned');
  const set = candidateSetOf(slate, ruled, 5, [-1, -1], limits);
  assert.equal(set.features.length, 2 * set.itemIds.length * set.featureNames.length);
  const replayed = replaySlate(slate, set, held, config);
  assert.ok('differences' in replayed);
  assert.deepEqual(replayed.differences, []);
  const without = replaySlate(slate, { ...set, kinds: [], terms: [] }, held, config);
  assert.ok('differences' in without && without.differences.length > 0, 'the limits decide the slate');
});

test('a slate that cannot be made again has a reason, and one that was changed has its differences', () => {
  const { slates, rewards } = logOf('thompson', 40);
  const { slate, set } = slates[39]!;
  const posterior = new PastPosteriors(rewards, CONFIG).at(set.rewardOffsets);
  const reason = (...given: Parameters<typeof replaySlate>) => {
    const replayed = replaySlate(...given);
    return 'reason' in replayed ? replayed.reason : '';
  };
  assert.match(reason({ ...slate, policy: 'neural' }, set, posterior, CONFIG), /there is no policy neural/);
  assert.match(reason({ ...slate, policyId: 'x' }, set, posterior, CONFIG), /set them as rerank had them/);
  assert.match(reason({ ...slate, posteriorId: 'x' }, set, posterior, CONFIG), /its posterior is x/);
  const lost = new PastPosteriors([rewards[0]!.slice(20), rewards[1]!], CONFIG).at(set.rewardOffsets);
  assert.match(reason(slate, set, lost, CONFIG), /rewards have left it/);
  const changed = { ...slate, slots: slate.slots.map((slot) => ({ ...slot, score: slot.score + 1e-12 })) };
  const replayed = replaySlate(changed, set, posterior, CONFIG);
  assert.ok(
    'differences' in replayed && replayed.differences.some((text) => text.startsWith('slots[0].score was')),
  );
});

test('another policy is judged by the slates of an exploring one: the one that learned is better than chance', () => {
  const { slates, rewards } = logOf('plackett-luce(temperature=1)', 300);
  const figures = judgeLog(
    slates,
    new PastPosteriors(rewards, CONFIG),
    'plackett-luce(temperature=0.2)',
    CONFIG,
  ) as {
    logged: number;
    rows: {
      looking: string;
      value: number;
      doublyRobust: number;
      doublyRobustLow: number;
      doublyRobustHigh: number;
      meanWeight: number;
      effectiveSampleSize: number;
      largestWeight: number;
      withoutSupport: number;
      verdict: string;
    }[];
  };
  assert.deepEqual(
    figures.rows.map(({ looking }) => looking),
    ['slot', 'cascade', 'slate'],
  );
  for (const { value, meanWeight, ...row } of figures.rows) {
    assert.ok(Math.abs(meanWeight - 1) < 0.2, `mean weight ${meanWeight}`);
    assert.ok(Math.abs(value - figures.logged) < 0.5);
    assert.ok(row.doublyRobustLow < row.doublyRobust && row.doublyRobust < row.doublyRobustHigh);
    assert.ok(Math.abs(row.doublyRobust - value) < 0.3, `${row.doublyRobust} and ${value}`);
    assert.ok(row.effectiveSampleSize > 0 && row.largestWeight > 1 && row.withoutSupport >= 0);
  }
  const own = judgeLog(
    slates,
    new PastPosteriors(rewards, CONFIG),
    'plackett-luce(temperature=1)',
    CONFIG,
  ) as typeof figures;
  const cascade = own.rows.find(({ looking }) => looking === 'cascade')!;
  assert.ok(Math.abs(cascade.value - own.logged) < 1e-9, 'the policy that logged has its own mean as value');
  assert.throws(
    () => judgeLog(slates, new PastPosteriors(rewards, CONFIG), 'neural', CONFIG),
    /there is no policy neural/,
  );
});

test('a fixed order by a feature that no candidates have is not judged, and slates without it are counted', () => {
  const { slates, rewards } = logOf('plackett-luce(temperature=1)', 30);
  const judge = (log: typeof slates, policy: string) =>
    judgeLog(log, new PastPosteriors(rewards, CONFIG), policy, CONFIG);
  assert.throws(
    () => judge(slates, 'fixed(column=trending.rank)'),
    /No logged candidates have the feature of fixed\(column=trending\.rank\); they have bias, behaviour\.score, /,
  );
  assert.equal(judge(slates, 'fixed(column=behaviour.own-score)').withoutColumn, undefined);
  const [first, ...rest] = slates;
  const renamed = first!.set.featureNames.map((name) => name.replace('behaviour', 'other-model'));
  const mixed = [{ ...first!, set: { ...first!.set, featureNames: renamed } }, ...rest];
  assert.equal(judge(mixed, 'fixed(column=behaviour.score)').withoutColumn, 1);
});

test('a judgement says how many slates were chosen with other settings than those here', () => {
  const { slates, rewards } = logOf('plackett-luce(temperature=1)', 20);
  const judge = (config: typeof CONFIG) =>
    judgeLog(slates, new PastPosteriors(rewards, config), 'greedy', config);
  assert.equal(judge(CONFIG).otherSettings, undefined);
  const pins = [{ slot: 0, itemId: 'i1-1' }];
  const { otherSettings, warning } = judge({ ...CONFIG, deciding: { ...CONFIG.deciding, pins } });
  assert.equal(otherSettings, 20);
  assert.match(String(warning), /^20 of 20 slates were chosen with other settings of rerank than those here/);
});

test('slates that do not fit their candidates are left out and counted, and those without rewards wait', () => {
  const { slates, rewards } = logOf('thompson', 12);
  const slateOf = new Map(slates.map(({ slate }) => [slate.slateId, slate]));
  const setOf = new Map(slates.map(({ set }) => [set.slateId, set]));
  assert.equal(settledSlates(setOf, slateOf, rewards).settled.length, 12);
  const changed = (name: string, change: Partial<CandidateSet>) =>
    setOf.set(name, { ...setOf.get(name)!, ...change });
  changed('s0', { rewardOffsets: [-1] });
  changed('s1', { itemIds: setOf.get('s1')!.itemIds.map((_, i) => `other-${i}`) });
  slateOf.delete('s2');
  const never = slateOf.get('s3')!;
  slateOf.set('s3', { ...never, slots: never.slots.map((slot) => ({ ...slot, conditional: 0 })) });
  const late = rewards.map((own) => own.filter(({ reward }) => reward.slateId !== 's4'));
  const { settled, leftOut, waiting } = settledSlates(setOf, slateOf, late);
  assert.deepEqual([settled.length, leftOut, waiting], [7, 4, 1]);
});

test('the sample of slates whose candidates are logged has the share that is set, by the slate id alone', () => {
  const ids = Array.from({ length: 10_000 }, (_, i) => `slate-${i}`);
  assert.equal(ids.filter((id) => isSampled(id, 0)).length, 0);
  assert.equal(ids.filter((id) => isSampled(id, 1)).length, ids.length);
  const some = ids.filter((id) => isSampled(id, 0.1));
  assert.ok(Math.abs(some.length - 1_000) < 120);
  for (const id of some) assert.ok(isSampled(id, 0.2), 'a larger share has the smaller one in it');
});

test('a slate whose candidates were not logged is refused with the setting, and with a slate that has them', () => {
  const sets = new Map(logOf('greedy', 3).slates.map(({ set }) => [set.slateId, set]));
  assert.equal(
    candidatesMissing('s9', sets),
    'The candidates of slate s9 were not logged: rerank logs those of a share of the slates only ' +
      '(TRIBUTARY_RERANK_CANDIDATES_SHARE, 1 % by default). The newest slate that has them is s2; ' +
      '`tributary topics tail candidates` shows others.',
  );
  assert.match(candidatesMissing('s9', new Map()), /No slate has them yet\.$/);
});
