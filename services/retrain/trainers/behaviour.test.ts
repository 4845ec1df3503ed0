import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { columnsOf } from '../training/fixture.testing.ts';
import { BEHAVIOUR_OPTIONS, judgeBehaviour, trainBehaviour } from './behaviour.ts';

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

  /** Users who take items of their own taste, or anything. */
  function someActions(users: number, hasTaste: boolean) {
    const random = createRandom('tastes');
    return columnsOf(
      Array.from({ length: users }, (_, user) =>
        Array.from({ length: 10 }, (_, day) => ({
          user,
          context: user * 10 + day,
          item: hasTaste ? (user % 4) + 4 * random.integer(15) : random.integer(60),
          at: day * 86_400_000,
        })),
      ).flat(),
    );
  }

  it('behaviour is judged by the new items of a time that its factors do not know, beside popularity', () => {
    const config = { heldOutShare: 0.2, seed: 1 };
    const { behaviourFacts, behaviourLeftOut } = judgeBehaviour(someActions(200, true), 60, config);
    assert.equal(behaviourLeftOut, undefined);
    assert.ok(Number(behaviourFacts!.users) >= 100);
    assert.ok(Number(behaviourFacts!.gainLow) > 0);
    assert.ok(Number(behaviourFacts!.newItemNdcg10) > Number(behaviourFacts!.newItemNdcg10OfPopularity));
  });

  it('a log that says little of each user is regularised more, and one that says much is not', () => {
    const config = { heldOutShare: 0.2, seed: 1 };
    assert.equal(judgeBehaviour(someActions(200, true), 60, config).regularisation, 0.1);
    const random = createRandom('few actions');
    const few = columnsOf(
      Array.from({ length: 600 }, (_, user) =>
        Array.from({ length: 5 }, (_, day) => ({
          user,
          context: user * 5 + day,
          item: Math.floor(400 * random.next() ** 4),
          at: day * 86_400_000,
        })),
      ).flat(),
    );
    const { regularisation, behaviourFacts, behaviourLeftOut } = judgeBehaviour(few, 400, config);
    assert.ok(regularisation > 0.1);
    assert.equal(behaviourFacts!.regularisation, regularisation);
    assert.equal(behaviourLeftOut, undefined, 'with it, behaviour finds no fewer than popularity');
  });

  it('too few users judge nothing, so that a small log has factors', () => {
    const judged = judgeBehaviour(someActions(20, false), 60, { heldOutShare: 0.2, seed: 1 });
    assert.deepEqual(judged, { regularisation: BEHAVIOUR_OPTIONS.regularisation });
  });
});
