import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { readConfig } from '#platform/config.ts';
import { SETTINGS } from '../config.ts';
import { selectArmPolicy } from '../experiments/arm-policy.ts';
import { fixed } from './fixed.ts';
import { priorPosterior } from './policies.testing.ts';

const features = {
  columns: ['behaviour.own-score', 'popularity'],
  values: Float64Array.of(1, 0.2, 3, 0.1, 2, 0.9),
};
const policy = (column: string) => fixed.create(priorPosterior({ 'behaviour.own-score': 1 }), { column });
const order = (column: string) => [...policy(column).choose(features, 3, createRandom(1)).order];

test('a fixed order is that of one feature, whatever was learned', () => {
  assert.deepEqual(order('popularity'), [2, 0, 1]);
  assert.equal(policy('popularity').missingIn(features), undefined);
});

test('the score of a model orders on whichever scale the slate has it', () => {
  assert.deepEqual(order('behaviour.score'), [1, 2, 0]);
  assert.deepEqual(order('behaviour.beside-score'), [1, 2, 0]);
  assert.equal(policy('behaviour.score').missingIn(features), undefined);
});

test('without the column a fixed order is that of the expected reward, and the policy names the column as missing', () => {
  assert.deepEqual(order('trending.rank'), [1, 2, 0]);
  assert.equal(policy('trending.rank').missingIn(features), 'trending.rank');
  assert.equal(policy('behaviour.rank').missingIn(features), 'behaviour.rank');
});

test('a column that no slate can have is an error of the setting, and of an arm', () => {
  const read = (column: string) => readConfig(SETTINGS, { TRIBUTARY_RERANK_FIXED_COLUMN: column });
  for (const column of ['popularitty', 'Trending.rank', 'trending.rang', 'trending.', 'a.b.score', 'bias'])
    assert.throws(() => read(column), /TRIBUTARY_RERANK_FIXED_COLUMN must be a feature: medoid\.share, /);
  for (const column of ['popularity', 'trending.rank', 'behaviour.own-score'])
    assert.equal((read(column) as Record<string, unknown>)['fixed.column'], column);
  const arm = selectArmPolicy('fixed(column=popularitty)', { 'fixed.column': 'popularity' });
  assert.match('reason' in arm ? arm.reason : '', /must be a feature: /);
});
