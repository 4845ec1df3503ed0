import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import type { DatasetAction } from '../data/dataset.ts';
import { abilitiesOf, type CrowdAction, runCrowd } from './crowd.ts';
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

test('at a drift people swap what they want, and nothing is lost', () => {
  const people = new People(ITEMS, [taken('ann', 'tea'), taken('bob', 'shoes')], createRandom(1));
  people.tire('ann', 'tea');
  people.drift(createRandom(2));
  const wanted = ['ann', 'bob'].map((userId) => [
    people.appeal(userId, 'tea'),
    people.appeal(userId, 'shoes'),
  ]);
  assert.deepEqual(wanted.flat().filter((appeal) => appeal === 0.6).length, 2);
});

test('a crowd visits, looks and acts until its time is over, and names the slate if the API has a field for it', async () => {
  const people = new People(ITEMS, [taken('ann', 'tea'), taken('bob', 'shoes')], createRandom(1));
  const actions: CrowdAction[] = [];
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
  const { visits, driftAt, failed } = await runCrowd({
    people,
    gateway: { recommend },
    abilities: { namesSlates: true, hasImpressions: true },
    emit: (action) => void actions.push(action),
    rate: 2_000,
    random: createRandom(3),
    driftAfterMs: 100,
    endAfterMs: 200,
  });
  assert.equal(visits.length + failed, slates);
  assert.equal(failed, Math.floor(slates / 10));
  assert.ok(driftAt > 0 && driftAt < visits.length);
  const seen = visits.flatMap(({ slots }) => slots).filter(({ isSeen }) => isSeen).length;
  assert.equal(actions.filter(({ type }) => type === 'impression').length, seen);
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
  const slate = (policy: string, clicks: number): CrowdSlate => ({
    policy,
    look: 'none',
    slots: Array.from({ length: 3 }, (_, slot) => ({
      models: ['m'],
      isSeen: true,
      isClicked: slot < clicks,
    })),
  });
  const visits = [
    ...Array.from({ length: 400 }, () => slate('bandit', 1)),
    ...Array.from({ length: 400 }, () => slate('bandit', 2)),
    ...Array.from({ length: 300 }, () => slate('fixed(column=m.score)', 1)),
  ];
  const after = [
    ...Array.from({ length: 200 }, () => slate('bandit', 0)),
    ...Array.from({ length: 200 }, () => slate('bandit', 1)),
  ];
  const tally = tallyOf([...visits, ...after], visits.length);
  assert.equal(tally.policy, 'bandit');
  assert.equal(tally.lift, 0.5);
  assert.equal(tally.impressionsToConverge, 580);
  assert.equal(tally.driftRecovery, 0.5);
  assert.deepEqual(tally.ctrByModel, [{ model: 'm', looks: 4_500, clicks: 1_700, ctr: 1_700 / 4_500 }]);
});
