import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { columnsOf, communityInput, TINY_CONFIG } from './fixture.testing.ts';
import { prepareTraining } from './prepare.ts';

describe('the preparation of a training', () => {
  /** Users who take one item at a time: there are pairs, but a context leads from an item to no other one. */
  const alone = columnsOf(
    Array.from({ length: 400 }, (_, i) => ({ user: i % 20, context: i, item: (i * 7) % 60, at: i })),
  );

  it('a training fails with the remedy where too few queries have hard negatives', () => {
    assert.throws(() => prepareTraining(60, alone, TINY_CONFIG, createRandom(1)), {
      code: 'training.failed',
      message: /0 % of the queries reach 3 items.*TRIBUTARY_RETRAIN_HARD_NEGATIVES=false/,
    });
  });

  it('the remedy helps: without hard negatives the same log is prepared', () => {
    const { hardBand, pairs } = prepareTraining(
      60,
      alone,
      { ...TINY_CONFIG, hardNegatives: false },
      createRandom(1),
    );
    assert.equal(hardBand, undefined);
    assert.ok(pairs.query.length > 0);
  });

  it('the band of hard negatives and the share of queries that fill it are reported', () => {
    const { itemCount, actions } = communityInput();
    const { hardBand } = prepareTraining(itemCount, actions, TINY_CONFIG, createRandom(1));
    assert.equal(hardBand?.fullShare, 1);
    assert.equal(hardBand?.end, Math.ceil(0.05 * itemCount));
  });
});
