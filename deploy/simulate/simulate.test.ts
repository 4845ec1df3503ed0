import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import { abilitiesOf, runCrowd } from './crowd.ts';
import { People } from './people.ts';
import { type CrowdSlate, tallyOf } from './tally.ts';

const ITEMS = ['tea', 'green tea', 'soap', 'shoes'].map((itemId, i) => ({
  itemId,
  title: itemId,
  categories: i < 2 ? ['food', 'tea'] : i === 2 ? ['food', 'soap'] : ['clothes', 'shoes'],
}));

function taken(userId: string, itemId: string): DatasetAction {
  return { eventId: `${userId}-${itemId}`, userId, itemId, type: 'buy', occurredAt: 0 };
}

test('people want what they take later, its kind less, its department little, and tire of what they pass over', () => {
  const people = new People(ITEMS, [taken('ann', 'tea')], createRandom(1));
  const appeals = ITEMS.map(({ itemId }) => people.appeal('ann', itemId));
  assert.deepEqual(appeals, [0.6, 0.2, 0.04, 0.005]);
  people.tire('ann', 'tea');
  assert.ok(people.appeal('ann', 'tea') < 0.6);
  assert.equal(people.appeal('nobody', 'tea'), 0);
});

test('items without categories have nothing in common', () => {
  const plain = ['pen', 'cup'].map((itemId) => ({ itemId, title: itemId }));
  const people = new People(plain, [taken('ann', 'pen')], createRandom(1));
  assert.deepEqual(
    plain.map(({ itemId }) => people.appeal('ann', itemId)),
    [0.6, 0.005],
  );
});

test('where a share of the people drifts, the others want what they wanted', () => {
  const everyone = Array.from({ length: 200 }, (_, i) => `u${i}`);
  const people = new People(
    ITEMS,
    everyone.map((userId, i) => taken(userId, i % 2 === 0 ? 'tea' : 'shoes')),
    createRandom(1),
  );
  for (const userId of everyone) people.tire(userId, 'tea');
  const before = everyone.map((userId) => people.appeal(userId, 'tea'));
  people.drift(createRandom(2), 0.1);
  const changed = everyone.filter((userId, i) => people.appeal(userId, 'tea') !== before[i]).length;
  assert.ok(changed > 5 && changed < 50, `${changed} of 200`);
});

test('an action that cannot be sent ends the visits with its error', async () => {
  const people = new People(ITEMS, [taken('ann', 'tea')], createRandom(1));
  const items = ITEMS.map(({ itemId, title }, slot) => ({ itemId, title, slot, models: [], reason: '' }));
  const slate = { policy: 'p', generation: null, interestsVersion: 0, items };
  const crowd = runCrowd({
    people,
    gateway: { recommend: async (userId) => ({ slateId: 's', userId, ...slate }) },
    abilities: { namesSlates: true, hasImpressions: true },
    emit() {
      throw new Error('the gateway is gone');
    },
    rate: 1_000,
    random: createRandom(3),
    drift: { afterMs: 1_000, share: 1 },
    signal: AbortSignal.timeout(60_000),
    onVisit: () => undefined,
    onFailed: () => undefined,
  });
  await assert.rejects(crowd, /the gateway is gone/);
});

test('a crowd of nobody ends at once', async () => {
  const nobody = new People(ITEMS, [], createRandom(1));
  await runCrowd({
    people: nobody,
    gateway: { recommend: () => assert.fail('nobody visits') },
    abilities: { namesSlates: true, hasImpressions: true },
    emit: () => assert.fail('nobody acts'),
    rate: 1,
    random: createRandom(3),
    drift: { afterMs: 1, share: 1 },
    signal: AbortSignal.timeout(60_000),
    onVisit: () => undefined,
    onFailed: () => undefined,
  });
});

test('at a drift people swap what they want and stay tired, and nothing is lost', () => {
  const people = new People(ITEMS, [taken('ann', 'tea'), taken('bob', 'shoes')], createRandom(1));
  people.drift(createRandom(2));
  const wanted = ['ann', 'bob'].map((userId) => [
    people.appeal(userId, 'tea'),
    people.appeal(userId, 'shoes'),
  ]);
  assert.deepEqual(wanted.flat().filter((appeal) => appeal === 0.6).length, 2);
  const before = people.appeal('ann', 'soap');
  people.tire('ann', 'soap');
  people.drift(createRandom(3), 0);
  assert.ok(people.appeal('ann', 'soap') < before);
});

test('a crowd visits, looks and acts until its time is over, and names the slate if the API has a field for it', async () => {
  const people = new People(ITEMS, [taken('ann', 'tea'), taken('bob', 'shoes')], createRandom(1));
  const actions: DatasetAction[] = [];
  const visits: CrowdSlate[] = [];
  const drifts: number[] = [];
  let failed = 0;
  let slates = 0;
  const recommend = async (userId: string) => {
    slates++;
    if (slates % 10 === 0) throw new Error('busy');
    const items = ITEMS.map(({ itemId, title }, slot) => ({
      itemId,
      title,
      slot,
      models: ['m'],
      reason: '',
    }));
    return { slateId: `s${slates}`, userId, policy: 'p', generation: null, interestsVersion: 0, items };
  };
  await runCrowd({
    people,
    gateway: { recommend },
    abilities: { namesSlates: true, hasImpressions: true },
    emit: (action) => void actions.push(action),
    rate: 2_000,
    random: createRandom(3),
    drift: { afterMs: 50, everyMs: 50, share: 0.5, onDrift: () => void drifts.push(visits.length) },
    signal: AbortSignal.timeout(200),
    onVisit: (visit) => void visits.push(visit),
    onFailed(error) {
      assert.match(String(error), /busy/);
      failed++;
    },
  });
  assert.equal(visits.length + failed, slates);
  assert.equal(failed, Math.floor(slates / 10));
  assert.ok(drifts.length > 0 && drifts[0]! > 0, `${drifts}`);
  const seen = visits.flatMap(({ slots }) => slots).filter(({ isSeen }) => isSeen).length;
  assert.equal(actions.filter(({ type }) => type === 'impression').length, seen);
  const clicked = visits.flatMap(({ slots }) => slots).filter(({ isClicked }) => isClicked).length;
  assert.equal(actions.filter(({ type }) => type === 'click').length, clicked, 'late reactions are awaited');
  assert.equal(new Set(actions.map(({ eventId }) => eventId)).size, actions.length);
  for (const { slateId, slot } of actions) assert.ok(slateId !== undefined && slot !== undefined);
});

test('what the API offers is read from its own description', () => {
  const paths = (text: string) => ({ paths: { '/v1/actions': { post: JSON.parse(text) } } });
  assert.deepEqual(abilitiesOf(paths('{"type":{"enum":["view"]}}')), {
    namesSlates: false,
    hasImpressions: false,
  });
  const full = '{"slateId":{},"slot":{},"type":{"enum":["impression"]}}';
  assert.deepEqual(abilitiesOf(paths(full)), { namesSlates: true, hasImpressions: true });
  assert.deepEqual(abilitiesOf({}), { namesSlates: false, hasImpressions: false });
});

test('the tally compares the bandit with the best single model, and finds when it converged and recovered', () => {
  let person = 0;
  const slate = (policy: string, clicks: number): CrowdSlate => ({
    userId: `u${person++ % 50}`,
    policy,
    look: 'none',
    expected: clicks,
    easy: 0,
    slots: Array.from({ length: 3 }, (_, slot) => ({
      models: ['m'],
      isSeen: true,
      isClicked: slot < clicks,
    })),
  });
  const visits = Array.from({ length: 800 }, (_, i) => [
    slate('bandit', i < 400 ? 1 : 2),
    slate('fixed(column=m.score)', 1),
  ]).flat();
  const after = [
    ...Array.from({ length: 200 }, () => slate('bandit', 0)),
    ...Array.from({ length: 200 }, () => slate('bandit', 1)),
  ];
  const tally = tallyOf([...visits, ...after], visits.length);
  assert.equal(tally.policy, 'bandit');
  assert.deepEqual([tally.lift, tally.liftOfLastQuarter], [0.5, 1]);
  assert.equal(tally.impressionsToConverge, 580);
  assert.equal(tally.driftRecovery, 0.5);
  assert.deepEqual([tally.driftLoss, tally.driftIsKnown, tally.afterDrift], [2, true, 400]);
  const [row] = tally.ctr as { policy: string; ctr: number; low: number; high: number; quarters: number[] }[];
  assert.deepEqual([row!.policy, row!.ctr], ['bandit', 1_400 / 1_200]);
  assert.deepEqual(row!.quarters, [1, 1, 2, 2]);
  assert.ok(row!.low <= row!.ctr && row!.ctr <= row!.high);
  for (const name of ['lift', 'driftRecovery']) {
    assert.ok(Number(tally[`${name}Low`]) <= Number(tally[name]));
    assert.ok(Number(tally[name]) <= Number(tally[`${name}High`]));
  }
  assert.deepEqual(tally.ctrByModel, [{ model: 'm', looks: 6_000, clicks: 2_200, ctr: 2_200 / 6_000 }]);
});

test('a drift that costs nothing is reported as unknown, and without a fixed order quarters are compared', () => {
  const visits = Array.from({ length: 400 }, (_, i): CrowdSlate => {
    const slot = { models: ['m'], isSeen: true, isClicked: i % 2 === 0 };
    return {
      userId: `u${i % 20}`,
      policy: 'bandit',
      look: 'none',
      expected: i < 75 ? 0.25 : 0.5,
      easy: 0,
      slots: [slot],
    };
  });
  const tally = tallyOf(visits, 300);
  assert.deepEqual([tally.driftIsKnown, tally.driftRecovery, tally.lift], [false, 1, 1]);
  assert.equal(tally.liftOver, 'its first quarter');
});

test('people who are pleased more easily than others are no merit of their policy', () => {
  // Both policies show the same slates, but the bandit has the people who click twice as often.
  const visits = Array.from({ length: 800 }, (_, i): CrowdSlate => {
    const [policy, share] = i % 2 === 0 ? ['bandit', 0.75] : ['fixed(column=m.rank)', 0.25];
    const expected = (i >> 1) % 4 < share * 4 ? 1 : 0.5;
    return {
      userId: `${policy} ${(i >> 1) % 20}`,
      policy,
      look: 'none',
      expected,
      easy: expected / 2,
      slots: [],
    };
  });
  const { lift } = tallyOf(visits, visits.length);
  assert.ok(Math.abs(Number(lift)) < 1e-9, `${lift}`);
});

test('how easily a person is pleased is fixed before anything is shown', () => {
  const people = new People(
    ITEMS,
    [taken('ann', 'tea'), taken('bob', 'tea'), taken('bob', 'shoes')],
    createRandom(1),
  );
  assert.deepEqual(people.easyAppeals('ann'), [0.6, 0.005]);
  people.tire('ann', 'tea');
  people.drift(createRandom(2));
  assert.deepEqual(people.easyAppeals('ann'), [0.6, 0.005]);
  assert.deepEqual(people.easyAppeals('nobody'), []);
});
