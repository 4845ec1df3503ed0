import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { createBaseline, relateRewards } from './baseline.ts';

const PLACES = Array.from({ length: 10 }, (_, place) => place);
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((total, one) => total + one, 0);

describe('the rewards of a slate relative to each other', () => {
  it('tell nothing where all are equal, and leave what is usual as it is', () => {
    for (const reward of [0, 1, 0.2, -0.5]) {
      const baseline = createBaseline(10);
      const { targets, weights } = relateRewards(
        baseline,
        PLACES,
        PLACES.map(() => reward),
      );
      assert.deepEqual([...targets, ...weights], new Array(20).fill(0));
      assert.deepEqual(baseline, createBaseline(10));
    }
  });

  it('sum up to nothing: a slate with more reactions says nothing for all its candidates', () => {
    const baseline = createBaseline(10);
    const random = createRandom('sums');
    for (let i = 0; i < 200; i++) {
      const { targets, weights } = relateRewards(
        baseline,
        PLACES,
        PLACES.map(() => (random.next() < 0.3 ? 1 : 0)),
      );
      assert.ok(Math.abs(sum(targets)) < 1e-9);
      assert.ok(weights.every((weight) => weight >= 0 && weight <= 0.25));
    }
  });

  it('do not depend on the size of a reward', () => {
    const rewards = [0, 1, 0, 0, 1, 0, 0, 0, 0, 0];
    const small = relateRewards(
      createBaseline(10),
      PLACES,
      rewards.map((reward) => reward * 0.2),
    );
    const large = relateRewards(createBaseline(10), PLACES, rewards);
    for (const [index, target] of large.targets.entries())
      assert.ok(Math.abs(target - small.targets[index]!) < 1e-9);
  });

  it('expect less of the places that are looked at less', () => {
    const baseline = createBaseline(10);
    const random = createRandom('places');
    const mean = new Float64Array(10);
    for (let i = 0; i < 6_000; i++) {
      const rewards = PLACES.map((place) => (random.next() < 0.3 * 0.8 ** place ? 1 : 0));
      const { targets } = relateRewards(baseline, PLACES, rewards);
      if (i >= 2_000) for (const [place, target] of targets.entries()) mean[place]! += target / 4_000;
    }
    for (const [place, value] of mean.entries()) assert.ok(Math.abs(value) < 0.03, `${place}: ${value}`);
  });

  it('are bounded for a reward that is far larger than the usual ones, and negative for regret', () => {
    const baseline = createBaseline(2);
    for (let i = 0; i < 300; i++) relateRewards(baseline, [0, 1], [1, 0]);
    assert.ok(relateRewards(baseline, [0, 1], [1e6, 0]).targets[0]! <= 3);
    const { targets } = relateRewards(createBaseline(2), [0, 1], [-0.5, 0]);
    assert.ok(targets[0]! < 0 && targets[1] === 0);
  });
});
