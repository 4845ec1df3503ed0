import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BIAS,
  CANDIDATE_FEATURES,
  COLUMNS_OF_VERSION_1,
  isColumnName,
  isModelName,
  MODEL_FEATURES,
  priorMeanOf,
} from './features.ts';

test('the columns of version 1 keep their names, order and prior: logs and statistics without names depend on them', () => {
  assert.deepEqual(COLUMNS_OF_VERSION_1, [
    'bias',
    'medoid-neighbours.proposed',
    'medoid-neighbours.rank',
    'medoid-neighbours.score',
    'trending.proposed',
    'trending.rank',
    'trending.score',
    'other.proposed',
    'other.rank',
    'other.score',
    'medoid.share',
    'medoid.recency',
    'popularity',
  ]);
  const means = COLUMNS_OF_VERSION_1.map(priorMeanOf);
  assert.deepEqual(means, [0, 0, 0, 0.05, 0, 0, 0.05, 0, 0, 0.05, 0, 0, 0]);
});

test('a model’s name is short, lower-case, and not that of the group of version 1', () => {
  for (const name of ['medoid-neighbours', 'x', 'gru4rec-2', 'constructor', 'a'.repeat(64)]) {
    assert.equal(isModelName(name), true, name);
  }
  const invalid = [
    '',
    'other',
    '__proto__',
    'Trending',
    '2nd',
    'a.b',
    'a b',
    '-a',
    'a\n',
    'é',
    'a'.repeat(65),
  ];
  for (const name of invalid) assert.equal(isModelName(name), false, name);
});

test('no two features make the same column, whatever the models are named', () => {
  const own = [BIAS, ...CANDIDATE_FEATURES].map(({ name }) => name);
  const ofModels = MODEL_FEATURES.map(({ name }) => name);
  assert.equal(new Set(own).size, own.length);
  assert.equal(new Set(ofModels).size, ofModels.length);
  for (const name of own) {
    assert.ok(isColumnName(name), name);
    assert.ok(
      !ofModels.some((feature) => name.endsWith(`.${feature}`)),
      `${name} may be a column of a model`,
    );
  }
  for (const name of ofModels) assert.ok(isColumnName(`${'a'.repeat(64)}.${name}`), name);
});

test('a feature that nobody declares any more has a prior mean of 0', () => {
  assert.equal(priorMeanOf('weather'), 0);
  assert.equal(priorMeanOf('constructor'), 0);
  assert.equal(priorMeanOf('trending.constructor'), 0);
  assert.equal(priorMeanOf('constructor.score'), 0.05);
});
