import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '#platform/config.ts';
import { gatherCandidates } from './candidates.ts';
import { BOOST, priorOf } from './columns.ts';
import { SETTINGS } from './config.ts';
import { explainChoice } from './explain.ts';
import { learnPosterior } from './learning/posterior.ts';
import { selectPolicy } from './policies/select.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someItem } from './pools/proposals.testing.ts';
import { applyRules, NO_RULES, type OperatorRules } from './rules.ts';
import { composeSlate, type SlateRequest } from './slate.ts';

const KNOWN = ['tea', 'mate', 'coffee', 'cocoa'];
const COLD = ['nettle', 'birch'];
const pool = joinPools(
  [
    held(4, {
      model: 'content',
      items: [
        ...KNOWN.map((itemId, place) => someItem(itemId, 9 - place, { popularity: 0.5 })),
        ...COLD.map((itemId, place) => someItem(itemId, 2 - place)),
      ],
    }),
  ],
  [],
);
const candidates = gatherCandidates(pool.proposals, { excluded: new Set(), now: NOW });
const isHot = (itemId: string): boolean => ['coffee', 'cocoa'].includes(itemId);

function slateWith(change: Partial<OperatorRules>, policy = 'greedy', epsilon = 0, seed = 's', size = 4) {
  const rules = { ...NO_RULES, ...change };
  const { posterior, observations } = learnPosterior([], {
    ...{ priorDeviation: 0.02, noiseVariance: 0.04, halfLifeMs: 1 },
  });
  const values = { 'thompson.draws': 16, 'plackett-luce.temperature': 0.02 };
  const { label, create } = selectPolicy(policy, values);
  const ruled = applyRules(candidates, {
    ...{ rules, now: NOW, mayShow: (itemId) => itemId !== 'gone' },
    testOf:
      ({ anyCategory }) =>
      (itemId) =>
        anyCategory[0] === 'hot' && isHot(itemId),
  });
  const request: SlateRequest = {
    ...{ slateId: seed, userId: 'ann', size, pool, candidates, now: NOW },
    rules: { ruled, coldSlots: rules.coldSlots },
    served: { label, policy: create(posterior), posterior, observations, epsilon },
  };
  return { request, slate: composeSlate(request) };
}
const itemsOf = ({ slate }: ReturnType<typeof slateWith>) => slate.slots.map(({ itemId }) => itemId);

test('without rules the policy alone orders the candidates', () => {
  assert.deepEqual(itemsOf(slateWith({})), ['tea', 'mate', 'coffee', 'cocoa']);
});

test('a pinned item stands in its slot for certain, proposed or not, unless it may not be shown', () => {
  const pins = [
    { slot: 0, itemId: 'promotion' },
    { slot: 2, itemId: 'tea' },
    { slot: 1, itemId: 'gone' },
  ];
  for (const policy of ['greedy', 'thompson', 'plackett-luce']) {
    const { slate } = slateWith({ pins }, policy, 0.5);
    const { slots } = slate;
    assert.deepEqual([slots[0]!.itemId, slots[2]!.itemId], ['promotion', 'tea']);
    for (const slot of [slots[0]!, slots[2]!])
      assert.deepEqual([slot.propensity, slot.conditional], [1, 1], policy);
    assert.equal(new Set(slots.map(({ itemId }) => itemId)).size, 4);
    assert.equal(slots[0]!.features.length, slate.featureNames.length);
  }
  const few = slateWith({ pins: [{ slot: 9, itemId: 'tea' }] }, 'greedy', 0, 's', 10);
  assert.equal(few.slate.slots.length, 6, 'a pin below the slate leaves no gap');
});

test('a boost adds to the score of the items of its filter until it ends', () => {
  const boost = { filter: { anyCategory: ['hot'], attributes: [] }, score: 5 };
  const boosted = slateWith({ boosts: [{ ...boost, until: NOW + 1 }] });
  assert.deepEqual(itemsOf(boosted), ['coffee', 'cocoa', 'tea', 'mate']);
  assert.deepEqual(itemsOf(slateWith({ boosts: [{ ...boost, until: NOW }] })), KNOWN);
  const [top] = boosted.slate.slots;
  assert.equal(top!.features[boosted.slate.featureNames.indexOf(BOOST)], 5);
  assert.equal(priorOf(1).meanOf(BOOST), 1);
});

test('the last slots are kept for cold items, and other items fill what the cold ones leave', () => {
  assert.deepEqual(itemsOf(slateWith({ coldSlots: 1 })), ['tea', 'mate', 'coffee', 'nettle']);
  assert.deepEqual(itemsOf(slateWith({ coldSlots: 4 })), ['tea', 'mate', 'nettle', 'birch']);
});

test('probabilities of a slate by the rules are the shares of many slates', () => {
  const rules = { pins: [{ slot: 0, itemId: 'mate' }], coldSlots: 1 };
  const counts = new Map<string, number>();
  const stated = new Map<string, number>();
  const rounds = 3_000;
  for (let round = 0; round < rounds; round++) {
    const { slate } = slateWith(rules, 'plackett-luce', 0.3, `round ${round}`);
    const order = slate.slots.map(({ itemId }) => itemId).join();
    counts.set(order, (counts.get(order) ?? 0) + 1);
    stated.set(order, slate.propensity);
  }
  for (const [order, probability] of stated) {
    const bound = 5 * Math.sqrt((probability * (1 - probability)) / rounds);
    assert.ok(Math.abs(counts.get(order)! / rounds - probability) <= bound, order);
  }
  const total = [...stated.values()].reduce((sum, one) => sum + one, 0);
  assert.ok(total > 0.99 && total < 1 + 1e-9, `${total}`);
});

test('an explanation names the rules that moved an item', () => {
  const boosts = [{ filter: { anyCategory: ['hot'], attributes: [] }, score: 5, until: NOW + 1 }];
  const { request, slate } = slateWith({ pins: [{ slot: 0, itemId: 'tea' }], boosts, coldSlots: 1 });
  assert.deepEqual(
    explainChoice(request, slate).slots.map(({ rules }) => rules),
    [['pinned'], ['boosted'], ['boosted'], ['cold']],
  );
});

test('pins and boosts are read from texts, and a malformed one is rejected with an example', () => {
  const read = (name: string, text: string) => readConfig(SETTINGS, { [`TRIBUTARY_RERANK_${name}`]: text });
  assert.deepEqual(read('PINS', '0=a=b, 3=c').pins, [
    { slot: 0, itemId: 'a=b' },
    { slot: 3, itemId: 'c' },
  ]);
  assert.deepEqual(
    read('BOOSTS', 'category=warm shoes 0.05 2026-12-24T00:00:00Z;brand:Acme -1 2027-01-01T00:00:00Z').boosts,
    [
      {
        filter: { anyCategory: ['warm shoes'], attributes: [] },
        score: 0.05,
        until: Date.parse('2026-12-24T00:00:00Z'),
      },
      {
        filter: { anyCategory: [], attributes: ['brand:Acme'] },
        score: -1,
        until: Date.parse('2027-01-01T00:00:00Z'),
      },
    ],
  );
  for (const text of ['tea', '50=tea', '0=tea,0=mate', '-1=tea', '0='])
    assert.throws(() => read('PINS', text), /TRIBUTARY_RERANK_PINS must be a list such as 0=item-7/);
  for (const text of [
    'category=shoes',
    'category=shoes 0.05 tomorrow',
    'shoes 0.05 2026-12-24T00:00:00Z',
    'category=shoes 99 2026-12-24T00:00:00Z',
  ])
    assert.throws(
      () => read('BOOSTS', text),
      /TRIBUTARY_RERANK_BOOSTS must be entries separated by semicolons/,
    );
});

test('denied items are read from a text, and a malformed one is rejected with an example', () => {
  const read = (text: string) => readConfig(SETTINGS, { TRIBUTARY_RERANK_DENY: text }).denied;
  assert.deepEqual(read(''), []);
  assert.deepEqual(read('category=tobacco; brand:Acme: Ltd'), [
    { anyCategory: ['tobacco'], attributes: [] },
    { anyCategory: [], attributes: ['brand:Acme: Ltd'] },
  ]);
  for (const text of ['tobacco', 'category=', 'brand:', 'category=a;', ':Acme'])
    assert.throws(
      () => read(text),
      /TRIBUTARY_RERANK_DENY must be entries separated by semicolons, each with/,
    );
});
