import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACTION_TYPES } from '#contracts/generated/records.ts';
import { readConfig } from '#platform/config.ts';
import { ACTION_WEIGHTS } from './settings.ts';

const read = (text: string) =>
  readConfig({ weights: ACTION_WEIGHTS }, { TRIBUTARY_ACTION_WEIGHTS: text }).weights;

describe('the weights of the types of action', () => {
  it('they are read beside the defaults of the other types', () => {
    assert.deepEqual(read('view=1000,hide=-1000'), { ...ACTION_WEIGHTS.fallback, view: 1_000, hide: -1_000 });
  });

  it('weights whose sums could overflow are refused, and so are weights by which nothing is an interest', () => {
    assert.throws(
      () => read('view=1e308'),
      /numbers from -1000 to 1000, at least one of them above 0, but is "view=1e308"/,
    );
    assert.throws(
      () => read(ACTION_TYPES.map((type) => `${type}=0`).join(',')),
      /at least one of them above 0/,
    );
    assert.throws(
      () => read(ACTION_TYPES.map((type) => `${type}=-1`).join(',')),
      /at least one of them above 0/,
    );
  });
});
