import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BEHAVIOUR_OPTIONS, trainBehaviour } from './behaviour.ts';

describe('the training of behaviour', () => {
  const columns = { user: Int32Array.of(0, 0, 0, 7, 7), item: Int32Array.of(0, 1, 1, 0, 1) };

  it('the training of behaviour gives factors of each item, the same for the same seed', () => {
    const factors = trainBehaviour(columns, 3, 1);
    assert.equal(factors.rank, BEHAVIOUR_OPTIONS.rank);
    assert.equal(factors.units.length, 3 * factors.rank);
    assert.ok(factors.offer[0]! > 0 && factors.offer[1]! > 0);
    assert.equal(factors.offer[2], 0, 'nobody took it');
    assert.deepEqual(trainBehaviour(columns, 3, 1), factors);
  });

  it('the training of behaviour knows nothing without actions', () => {
    const none = { user: new Int32Array(0), item: new Int32Array(0) };
    assert.ok(trainBehaviour(none, 2, 1).offer.every((one) => one === 0));
  });
});
