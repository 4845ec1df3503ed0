import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACTION_TYPES } from '../generated/records.ts';
import {
  DEFAULT_ACTION_WEIGHTS,
  DEFAULT_REWARDS,
  deedOf,
  isActionType,
  isImpression,
} from './action-types.ts';

describe('the table of action types', () => {
  it('has a weight, a reward and a verb for every type of action', () => {
    for (const type of ACTION_TYPES) {
      assert.ok(Number.isFinite(DEFAULT_ACTION_WEIGHTS[type]), type);
      assert.ok(Number.isFinite(DEFAULT_REWARDS[type]), type);
      assert.match(deedOf(type), /^\w/);
    }
    assert.deepEqual(Object.keys(DEFAULT_REWARDS), [...ACTION_TYPES]);
  });

  it('returns a neutral verb for a type that this version does not know', () => {
    assert.equal(isActionType('constructor'), false);
    assert.equal(deedOf('constructor'), 'know');
    assert.equal(deedOf('buy'), 'bought');
  });

  it('gives an impression neither a weight nor a reward', () => {
    assert.equal(DEFAULT_ACTION_WEIGHTS.impression, 0);
    assert.equal(DEFAULT_REWARDS.impression, 0);
    assert.deepEqual(
      ACTION_TYPES.filter((type) => isImpression({ type })),
      ['impression'],
    );
  });
});
