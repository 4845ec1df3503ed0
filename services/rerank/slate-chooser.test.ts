import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExperimentBook } from '#contracts/domain/experiments.ts';
import { anExperiment } from '#contracts/domain/records.testing.ts';
import { ItemFacts } from './availability/item-facts.ts';
import { OfferedItems } from './availability/offered-items.ts';
import { readRerankConfig } from './config.ts';
import { createContexts } from './context.ts';
import { policiesOfPosterior } from './experiments/served-policies.ts';
import { createMemoryStatisticsStore } from './learning/memory-store.testing.ts';
import { createPosteriorReader } from './learning/posterior.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someItem } from './pools/proposals.testing.ts';
import { NOTHING_SHOWN } from './pools/shown-items.ts';
import { PreparedCandidates } from './prepared-candidates.ts';
import { createSlateChooser } from './slate-chooser.ts';

const ITEM_IDS = ['oats', 'rye', 'milk'];
const PARTITIONS = 2;
const config = { ...readRerankConfig(), candidatesShare: 1 };
const readLearned = createPosteriorReader(createMemoryStatisticsStore(), PARTITIONS, {
  ...config,
  ...config.terms,
});

/** A chooser without a catalogue, whose metrics are noted. */
async function someChooser(candidatesShare = 1, rules: Partial<typeof config> = {}) {
  const noted: Record<string, number> = {};
  const missing: [string, string][] = [];
  const note = (name: string) => (value: number) => {
    noted[name] = (noted[name] ?? 0) + value;
  };
  const experiments = new ExperimentBook();
  const offered = new OfferedItems();
  const facts = new ItemFacts();
  const policyOf = await policiesOfPosterior(readLearned, config)();
  const chooser = createSlateChooser({
    config: { ...config, candidatesShare, ...rules },
    metrics: {
      observations: { set: note('observations') },
      missingColumns: { inc: () => note('missingColumns')(1) },
      slotsMissing: { inc: note('slotsMissing') },
    } as never,
    contextOf: createContexts({ surfaces: [], zone: 'UTC' }),
    offered,
    facts,
    prepared: new PreparedCandidates({ excludeRecent: true, offered, items: facts }),
    inForce: () => experiments.inForce,
    policyOf,
    onMissingColumn: (policy, column) => missing.push([policy, column]),
    now: () => NOW,
  });
  const items = ITEM_IDS.map((itemId, place) => someItem(itemId, 1 - place / 10));
  const own = held(4, { model: 'medoid-neighbours', version: 9, items, recent: [] });
  const pool = joinPools([own], []);
  const choose = (userId: string, explain = false, size = 5) =>
    chooser.choose({ pool, shown: NOTHING_SHOWN }, { slateId: `slate of ${userId}`, userId, size, explain });
  return { chooser, choose, experiments, noted, missing, facts };
}

test('a slate is chosen from the pool, its candidates are kept for the log, and missing slots are counted', async () => {
  const { chooser, choose, noted } = await someChooser();
  const slate = choose('u1');
  assert.deepEqual(slate.slots.map(({ itemId }) => itemId).sort(), [...ITEM_IDS].sort());
  assert.deepEqual([slate.servedAt, slate.experiment, noted.slotsMissing], [NOW, null, 2]);
  assert.equal(slate.explain, undefined);
  const set = chooser.candidatesOf(slate);
  assert.deepEqual([set?.slateId, set?.size, set?.itemIds.length], ['slate of u1', 5, 3]);
  assert.equal(set?.rewardOffsets.length, PARTITIONS);
  const rare = await someChooser(0);
  assert.equal(rare.chooser.candidatesOf(rare.choose('u1')), undefined);
});

test('a slate that is explained is the same, and its candidates are kept as well', async () => {
  const { chooser, choose } = await someChooser();
  const { explain, ...explained } = choose('u1', true);
  assert.equal(explain?.slots.length, 3);
  assert.deepEqual(explained, choose('u1'));
  assert.ok(chooser.candidatesOf(choose('u2', true)) !== undefined);
});

test('a running experiment decides the policy of a slate from the next one on', async () => {
  const { choose, experiments } = await someChooser();
  const usual = choose('u1').policy;
  experiments.declare('autumn', anExperiment());
  const slates = Array.from({ length: 40 }, (_, user) => choose(`u${user}`));
  for (const { policy, experiment } of slates)
    assert.equal(policy, experiment === 'autumn/other' ? 'greedy' : usual);
  assert.equal(new Set(slates.map(({ policy }) => policy)).size, 2);
});

test('a fixed order by a column that no list has is reported once, counted each time, and explained', async () => {
  const { choose, experiments, noted, missing } = await someChooser();
  const policy = 'fixed(column=trending.rank)';
  const arms = ['control', 'other'].map((name) => ({ name, share: 1, policy }));
  experiments.declare('autumn', anExperiment({ arms }));
  assert.equal(choose('u1', true).explain?.missingColumn, 'trending.rank');
  choose('u2');
  assert.deepEqual([missing, noted.missingColumns], [[[policy, 'trending.rank']], 2]);
  const known = arms.map((arm) => ({ ...arm, policy: 'fixed(column=medoid-neighbours.rank)' }));
  experiments.declare('autumn', anExperiment({ arms: known }));
  assert.equal(choose('u1', true).explain?.missingColumn, undefined);
  assert.equal(noted.missingColumns, 2);
});

test('a denied item is in no slate, not even as a pin, and the explanation counts it', async () => {
  const denied = [
    { anyCategory: ['grain'], attributes: [] },
    { anyCategory: ['tobaco'], attributes: [] },
  ];
  const pins = [
    { slot: 0, itemId: 'oats' },
    { slot: 1, itemId: 'barley' },
  ];
  const { choose, chooser, facts } = await someChooser(1, {
    denied,
    rules: { pins, boosts: [], coldSlots: 0 },
  });
  for (const [itemId, category] of [
    ['oats', 'Grain'],
    ['barley', 'Grain'],
    ['rye', 'Bread'],
  ] as const)
    facts.apply(itemId, { categories: [category], attributes: {}, updatedAt: NOW });
  const slate = choose('u1', true);
  assert.deepEqual(slate.slots.map(({ itemId }) => itemId).sort(), ['milk', 'rye']);
  assert.deepEqual(slate.explain?.removed.denied, 1);
  assert.deepEqual(slate.explain?.unknown, ['tobaco']);
  assert.deepEqual([...chooser.candidatesOf(slate)!.itemIds].sort(), ['milk', 'rye']);
});

test('policies are the same objects until the posterior changes', async () => {
  const read = policiesOfPosterior(readLearned, config);
  assert.equal((await read())('greedy'), (await read())('greedy'));
  assert.equal((await read())(''), (await read())(''));
  const policies = await read();
  assert.throws(() => policies('neural'), RangeError);
});
