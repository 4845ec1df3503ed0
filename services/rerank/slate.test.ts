import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Statistics } from '#algorithms/bandit/statistics.ts';
import { EVERYONE } from '#contracts/domain/ids.ts';
import { UNKNOWN_CHOICE } from '#contracts/domain/slate-defaults.ts';
import { gatherCandidates } from './candidates.ts';
import { learnPosterior } from './learning/posterior.ts';
import { selectPolicy } from './policies/select.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someCause, someItem } from './pools/proposals.testing.ts';
import { composeSlate, type ServedPolicy, type SlateRequest } from './slate.ts';

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

function serve(partitions: Iterable<Statistics>): ServedPolicy {
  const { posterior, observations } = learnPosterior(partitions, {
    priorDeviation: 0.02,
    noiseVariance: 0.05,
  });
  const { label, create } = selectPolicy('thompson', { 'thompson.draws': 64 });
  return { label, policy: create(posterior), observations };
}

const request: SlateRequest = {
  slateId: 'slate 1',
  userId: 'ann',
  size: 10,
  pool,
  candidates: gatherCandidates(pool.proposals, { excluded: pool.recent, now: NOW }),
  served: serve([]),
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
  });
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
    assert.ok(slot.propensity >= 1 / 64 && slot.propensity <= 1);
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
