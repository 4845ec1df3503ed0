import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import { gatherCandidates } from './candidates.ts';
import { explainChoice } from './explain.ts';
import { learnPosterior } from './learning/posterior.ts';
import { narrowCandidates } from './narrow-candidates.ts';
import { selectPolicy } from './policies/select.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someCause, someItem } from './pools/proposals.testing.ts';
import { composeSlate, type ServedPolicy, type SlateRequest } from './slate.ts';
import { limitsOf } from './slate-limits.ts';

const pool = joinPools(
  [
    held(4, {
      model: 'medoid-neighbours',
      generation: 'g1',
      version: 9,
      items: [someItem('oats', 0.9, { because: someCause() }), someItem('rye', 0.8), someItem('milk', 0.7)],
      recent: ['milk'],
      explanation: 'because you {deed} {cause}',
    }),
  ],
  [
    held(0, {
      userId: EVERYONE,
      version: -1,
      items: [someItem('tea', 8), someItem('oats', 4)],
      explanation: 'popular right now',
    }),
  ],
);

function serve(change: Partial<ServedPolicy> = {}): ServedPolicy {
  const { posterior, observations } = learnPosterior([], {
    priorDeviation: 0.02,
    noiseVariance: 0.05,
    halfLifeMs: 1,
  });
  const { label, create } = selectPolicy('thompson', { 'thompson.draws': 64 });
  return { label, policy: create(posterior), posterior, observations, ...change };
}

const request: SlateRequest = {
  slateId: 'slate 1',
  userId: 'ann',
  size: 10,
  pool,
  candidates: gatherCandidates(pool.proposals, { excluded: pool.recent, now: NOW }),
  served: serve(),
  now: NOW,
};

test('a slate leaves out items that may not be shown, and is filled from the rest of the pool', () => {
  const isOffered = (itemId: string): boolean => itemId !== 'oats';
  const candidates = gatherCandidates(pool.proposals, { excluded: pool.recent, isOffered, now: NOW });
  const withheld = composeSlate({ ...request, candidates, size: 2 });
  assert.deepEqual(withheld.slots.map(({ itemId }) => itemId).sort(), ['rye', 'tea']);
});

test('a slate contains the shown items, their reasons, features and propensities', () => {
  const slate = composeSlate(request);
  const { slots, ...rest } = slate;
  assert.deepEqual(rest, {
    slateId: 'slate 1',
    userId: 'ann',
    servedAt: NOW,
    policy: 'thompson(draws=64)',
    observations: 0,
    generation: 'g1',
    interestsVersion: 9,
    experiment: null,
    ...UNKNOWN_CHOICE,
    featureNames: gatherCandidates(pool.proposals, { excluded: pool.recent, now: NOW }).features.columns,
    contextNames: [],
    context: [],
    policyId: '',
    posteriorId: '',
    seed: '',
    draws: 64,
    epsilon: 0,
    propensity: slots.reduce((product, { conditional }) => product * conditional, 1),
    candidateCount: 3,
    candidateDigest: rest.candidateDigest,
  });
  assert.match(rest.candidateDigest, /^[0-9a-f]{16}$/);
  assert.deepEqual(
    slots.map(({ itemId }) => itemId).sort(),
    ['oats', 'rye', 'tea'],
    'without the recent milk',
  );
  const oats = slots.find(({ itemId }) => itemId === 'oats');
  assert.deepEqual(oats?.models, ['medoid-neighbours', 'trending']);
  assert.deepEqual(oats?.because, someCause());
  assert.deepEqual(
    Object.fromEntries(slots.map(({ itemId, explanation }) => [itemId, explanation])),
    { oats: 'because you {deed} {cause}', rye: '', tea: 'popular right now' },
    'each item is explained by the proposal that names its cause, else by one that needs no cause',
  );
  for (const slot of slots) {
    assert.deepEqual(Object.keys(slot), [
      'itemId',
      'models',
      'because',
      'features',
      'score',
      'propensity',
      'explanation',
      'conditional',
      'inclusion',
    ]);
    assert.equal(slot.features.length, slate.featureNames.length);
    for (const probability of [slot.propensity, slot.conditional, slot.inclusion])
      assert.ok(probability >= 1 / 64 && probability <= 1);
    assert.ok(slot.inclusion >= slot.propensity);
  }
});

test('a slate can be computed again from its id, and another id draws differently', () => {
  assert.deepEqual(composeSlate(request), composeSlate(request));
  assert.notDeepEqual(composeSlate({ ...request, slateId: 'slate 2' }).slots, composeSlate(request).slots);
});

test('recent items stay if the setting allows it, and a small slate is cut', () => {
  const candidates = gatherCandidates(pool.proposals, { excluded: new Set(), now: NOW });
  const slots = composeSlate({ ...request, candidates }).slots;
  assert.deepEqual(slots.map(({ itemId }) => itemId).sort(), ['milk', 'oats', 'rye', 'tea']);
  assert.equal(composeSlate({ ...request, size: 2 }).slots.length, 2);
});

test('an empty pool gives an empty slate', () => {
  const empty = joinPools([], []);
  const candidates = gatherCandidates(empty.proposals, { excluded: empty.recent, now: NOW });
  const slate = composeSlate({ ...request, pool: empty, candidates });
  assert.deepEqual(slate.slots, []);
  assert.equal(slate.interestsVersion, -1);
  assert.equal(slate.generation, null);
});

test('with full support a slate that no draw ranks has the share of ε, and its probabilities say so', () => {
  const served = serve({ epsilon: 0.5 });
  const slates = Array.from({ length: 200 }, (_, i) =>
    composeSlate({ ...request, served, slateId: `s${i}` }),
  );
  const orders = new Map(slates.map((slate) => [slate.slots.map(({ itemId }) => itemId).join(), slate]));
  assert.equal(orders.size, 6, 'every order of three items');
  for (const { propensity, epsilon, slots } of orders.values()) {
    assert.equal(epsilon, 0.5);
    assert.ok(propensity >= 0.5 / 6 && propensity <= 1);
    assert.ok(slots.every((slot) => slot.propensity >= 0.5 / 3));
  }
});

test('a slate carries the context of its request, and the ids of its policy and posterior', () => {
  const context = { names: ['at.history'], values: [0.5] };
  const served = serve({ policyId: 'p', posteriorId: 'q', interactions: ['at.history'] });
  const slate = composeSlate({ ...request, context, served });
  assert.deepEqual([slate.contextNames, slate.context], [['at.history'], [0.5]]);
  assert.deepEqual([slate.policyId, slate.posteriorId], ['p', 'q']);
});

test('an explanation names proposers with ranks, medoid and features, and counts what was proposed and removed', () => {
  const isOffered = (itemId: string): boolean => itemId !== 'tea';
  const candidates = gatherCandidates(pool.proposals, { excluded: pool.recent, isOffered, now: NOW });
  const asked = { ...request, candidates };
  const slate = composeSlate(asked);
  const { slots, given, proposed, removed } = explainChoice(asked, slate);
  assert.deepEqual(given, { 'medoid-neighbours': 3, trending: 2 });
  assert.deepEqual(proposed, { 'medoid-neighbours': 2, trending: 1 });
  assert.deepEqual(removed, { 'acted-on-lately': 1, 'not-available': 1, filtered: 0 });
  const place = slate.slots.findIndex(({ itemId }) => itemId === 'oats');
  const oats = slots[place]!;
  assert.deepEqual(oats.proposers, [
    { model: 'medoid-neighbours', rank: 0 },
    { model: 'trending', rank: 1 },
  ]);
  assert.equal(oats.medoid, someCause().itemId);
  assert.deepEqual(Object.keys(oats.features), slate.featureNames);
  assert.equal(oats.features.bias, 1);
  assert.equal(
    oats.contributions['medoid-neighbours.own-score'],
    oats.features['medoid-neighbours.own-score']! * 0.05,
  );
  assert.equal(oats.propensity, slate.slots[place]!.propensity);
});

test('an explanation counts what a filter and limits removed, and names the limit where it let an item pass others', () => {
  const items = ['m1', 'm2', 'm3', 'b1', 'b2', 'x'].map((itemId, place) => someItem(itemId, 9 - place));
  const many = joinPools([held(1, { model: 'content', items })], []);
  const everything = gatherCandidates(many.proposals, { excluded: new Set(), now: NOW });
  const candidates = narrowCandidates(everything, (itemId) => itemId !== 'x');
  const source = {
    version: 1,
    kindOf: (itemId: string) => itemId.charCodeAt(0),
    termsOf: (itemId: string) => (itemId.startsWith('b') ? [1] : []),
  };
  const { policy, label } = { policy: selectPolicy('greedy', {}), label: 'greedy' };
  const { posterior } = serve();
  const served = serve({ label, policy: policy.create(posterior!) });
  const limits = limitsOf(candidates, 3, { ofOneKind: 1, leastNovelty: 0.5 }, source);
  const asked = { ...request, pool: many, candidates, unfiltered: everything, limits, served, size: 3 };
  const slate = composeSlate(asked);
  assert.deepEqual(
    slate.slots.map(({ itemId }) => itemId),
    ['m1', 'b1', 'm2'],
    'the last slot is beyond the limits',
  );
  const { slots, removed } = explainChoice(asked, slate);
  assert.deepEqual(
    slots.map(({ rules }) => rules),
    [[], ['of-one-kind'], []],
  );
  assert.deepEqual(removed, {
    'acted-on-lately': 0,
    'not-available': 0,
    filtered: 1,
    'of-one-kind': 1,
    'too-alike': 1,
  });
});
