import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { columnsOf, communityInput, TINY_CONFIG } from './fixture.testing.ts';
import { prepareTraining } from './prepare.ts';
import { trainingSteps } from './steps.ts';

describe('the preparation of a training', () => {
  /** Users who take one item at a time: there are pairs, but a context leads from an item to no other one. */
  const alone = columnsOf(
    Array.from({ length: 400 }, (_, i) => ({ user: i % 20, context: i, item: (i * 7) % 60, at: i })),
  );

  it('where too few queries have hard negatives a training goes without them, and reports the share and the reason', () => {
    const { hardBand, hardNegatives, pairs } = prepareTraining(60, alone, TINY_CONFIG, createRandom(1));
    assert.equal(hardBand, undefined);
    assert.ok(pairs.query.length > 0);
    const { used, share, reason } = hardNegatives;
    assert.deepEqual({ used, share }, { used: false, share: 0 });
    assert.match(reason ?? '', /^0 % of the queries reach 3 items as hard negatives, and 90 % must/);
  });

  it('its steps are those of a training that is to have no hard negatives', () => {
    const [sparse, none] = [true, false].map((hardNegatives) => {
      const config = { ...TINY_CONFIG, hardNegatives };
      return [...trainingSteps(prepareTraining(60, alone, config, createRandom(1)), config)];
    });
    assert.deepEqual(sparse, none);
    assert.ok(sparse!.every(({ batch }) => batch.hard.length === 0));
  });

  it('a strict training fails there with the remedy', () => {
    const config = { ...TINY_CONFIG, hardNegatives: 'strict' } as const;
    assert.throws(() => prepareTraining(60, alone, config, createRandom(1)), {
      code: 'training.failed',
      message: /0 % of the queries reach 3 items.*TRIBUTARY_RETRAIN_HARD_NEGATIVES=true/,
    });
  });

  it('a training that is to have none reports that it looked for none', () => {
    const config = { ...TINY_CONFIG, hardNegatives: false };
    const { hardNegatives } = prepareTraining(60, alone, config, createRandom(1));
    assert.deepEqual(hardNegatives, { used: false, share: null, reason: 'the configuration has none' });
  });

  it('the band of hard negatives and the share of queries that fill it are reported', () => {
    const { itemCount, actions } = communityInput();
    const config = { ...TINY_CONFIG, hardNegatives: 'strict' } as const;
    const { hardBand, hardNegatives } = prepareTraining(itemCount, actions, config, createRandom(1));
    assert.equal(hardBand?.fullShare, 1);
    assert.deepEqual(hardNegatives, { used: true, share: 1, reason: null });
    assert.equal(hardBand?.end, Math.ceil(0.05 * itemCount));
  });
});
