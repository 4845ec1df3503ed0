import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NUMBER_BOUNDS } from '#contracts/domain/number-bounds.ts';
import { ACTION_TYPES } from '#contracts/generated/records.ts';
import { readConfig } from '#platform/config.ts';
import { rulesOf, SETTINGS } from './config.ts';
import { outcomeOf } from './objectives.ts';

const read = (name: string, text: string) => readConfig(SETTINGS, { [`TRIBUTARY_FEEDBACK_${name}`]: text });

test('the largest rewards that settings allow are rewards that rerank accepts', () => {
  const nine = Array.from({ length: 9 }, (_, i) => `goal-${i}:100:buy=1000`).join(';');
  const config = readConfig(SETTINGS, {
    TRIBUTARY_FEEDBACK_OBJECTIVES: nine,
    TRIBUTARY_FEEDBACK_WEIGHTS: 'buy=1000',
  });
  const { objectives } = rulesOf(config);
  const acts = Object.fromEntries(ACTION_TYPES.map((type) => [type, 1]));
  const { reward } = outcomeOf(acts, objectives);
  assert.equal(reward, 1_000 + 9 * 100 * 1_000);
  assert.ok(reward <= NUMBER_BOUNDS.reward.most);
});

test('objectives and weights beyond their bounds, twice or of unknown types are errors of the setting', () => {
  for (const text of [
    'sale:1e308:buy=1',
    'sale:1:buy=1e308',
    'sale:1:buy=-1001',
    'sale:1:buy=1,buy=2',
    'sale:1:adore=1',
    'sale:1:',
    'reward:1:buy=1',
    'sale:1:buy=1;sale:2:click=1',
    Array.from({ length: 10 }, (_, i) => `goal-${i}:1:buy=1`).join(';'),
  ])
    assert.throws(
      () => read('OBJECTIVES', text),
      /TRIBUTARY_FEEDBACK_OBJECTIVES must be objectives with name/,
    );
  for (const text of ['buy=1e300', 'buy=1,buy=2', 'adore=1', 'buy='])
    assert.throws(
      () => read('WEIGHTS', text),
      /TRIBUTARY_FEEDBACK_WEIGHTS must be a list such as view=1 .* from -1000 to 1000/,
    );
  assert.equal(read('OBJECTIVES', 'regret:-0.5:hide=1,return=3').objectives[0]!.factor, -0.5);
});
