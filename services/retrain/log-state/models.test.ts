import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DEFAULT_FEATURE_LAYOUT } from '#algorithms/pinsage/features.ts';
import type { ModelWeights } from '#contracts/generated/records.ts';
import { someModel } from './models.testing.ts';
import { Models, modelKey, toModelWeights } from './models.ts';

describe('the models of the log', () => {
  let warnings: unknown[];
  let models: Models;

  beforeEach(() => {
    warnings = [];
    models = new Models({ warn: (fields: unknown) => void warnings.push(fields) });
  });

  function take(message: ModelWeights): void {
    models.apply(modelKey(message), message);
  }

  it('come back as they were written', () => {
    const model = someModel({ ...DEFAULT_FEATURE_LAYOUT, vector: 2 });
    take(toModelWeights('g1', model));
    assert.deepEqual(models.get('g1'), model);
    assert.equal(models.get('g2'), undefined);
  });

  it('are drained once, by key', () => {
    take(toModelWeights('g1', someModel()));
    assert.deepEqual(models.drain('g1'), ['pinsage/g1']);
    assert.deepEqual(models.drain('g1'), []);
    assert.equal(models.get('g1'), undefined);
  });

  it('go with their tombstone', () => {
    take(toModelWeights('g1', someModel()));
    models.apply('sequence/g1', null);
    assert.notEqual(models.get('g1'), undefined);
    models.apply('pinsage/g1', null);
    assert.equal(models.get('g1'), undefined);
  });

  it('of another kind or format are left alone', () => {
    const message = toModelWeights('g1', someModel());
    take({ ...message, model: 'sequence' });
    take({ ...message, format: 'tributary.pinsage/2' });
    assert.equal(models.get('g1'), undefined);
    assert.deepEqual(warnings, []);
  });

  it('that cannot be read are reported and passed over', () => {
    const message = toModelWeights('g1', someModel());
    const broken: Partial<ModelWeights>[] = [
      { weights: message.weights.subarray(4) },
      { weights: Buffer.of() },
      { card: '' },
      { card: '{}' },
      { card: 'null' },
      { card: JSON.stringify({ layout: { ...DEFAULT_FEATURE_LAYOUT, words: 1 } }) },
    ];
    for (const change of broken) take({ ...message, ...change });
    assert.equal(models.get('g1'), undefined);
    assert.equal(warnings.length, broken.length);
  });
});
