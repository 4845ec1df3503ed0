import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { type ChoiceGroup, fitListwise, scoresOf } from './listwise.ts';

const WIDTH = 3;
const TRUE_WEIGHTS = Float64Array.of(1.5, -0.7, 0);

/** Groups whose users choose by the true weights; the noise of a choice is Gumbel, which makes it a softmax. */
function someGroups(count: number): ChoiceGroup[] {
  const random = createRandom('listwise');
  return Array.from({ length: count }, () => {
    const rows = Float64Array.from({ length: 12 * WIDTH }, () => random.normal());
    const noisy = scoresOf(rows, TRUE_WEIGHTS).map((score) => score - Math.log(-Math.log(random.next())));
    const best = noisy.indexOf(Math.max(...noisy));
    return { rows, chosen: Int32Array.of(best) };
  });
}

/** The penalised loss by its definition, one term after the other. */
function lossByDefinition(groups: readonly ChoiceGroup[], weights: Float64Array, ridge: number): number {
  let loss = 0;
  const variances = new Float64Array(WIDTH);
  for (const { rows, chosen } of groups) {
    const exponents = [...scoresOf(rows, weights)].map(Math.exp);
    const total = exponents.reduce((a, b) => a + b, 0);
    for (const place of chosen)
      loss -= Math.log(exponents[place]! / total) / Math.sqrt(chosen.length) / groups.length;
    for (let column = 0; column < WIDTH; column++) {
      const values = [...rows].filter((_, at) => at % WIDTH === column);
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      variances[column]! +=
        values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length / groups.length;
    }
  }
  return loss + weights.reduce((sum, weight, i) => sum + ridge * variances[i]! * weight ** 2, 0);
}

describe('listwise regression', () => {
  it('listwise regression finds the weights by which the users chose', () => {
    const weights = fitListwise(someGroups(3_000), { width: WIDTH, ridge: 1e-6 });
    weights.forEach((weight, i) => void assert.ok(Math.abs(weight - TRUE_WEIGHTS[i]!) < 0.12, `${weight}`));
  });

  it('no step away from the weights of listwise regression lowers the loss of its definition', () => {
    const groups = [...someGroups(40), { rows: someGroups(1)[0]!.rows, chosen: Int32Array.of(0, 3, 7) }];
    const weights = fitListwise(groups, { width: WIDTH, ridge: 0.01 });
    const least = lossByDefinition(groups, weights, 0.01);
    for (let i = 0; i < WIDTH; i++) {
      for (const step of [-1e-3, 1e-3]) {
        const moved = weights.map((weight, column) => (column === i ? weight + step : weight));
        assert.ok(lossByDefinition(groups, moved, 0.01) > least);
      }
    }
  });

  it('listwise regression leaves a feature that tells nothing apart at 0', () => {
    const groups = someGroups(200).map(({ rows, chosen }) => ({
      rows: rows.map((value, at) => (at % WIDTH === 2 ? 5 : value)),
      chosen,
    }));
    assert.ok(Math.abs(fitListwise(groups, { width: WIDTH, ridge: 1e-3 })[2]!) < 1e-9);
  });

  it('listwise regression skips groups without a choice, and throws where no group has one', () => {
    const groups = someGroups(50);
    const nothing = { rows: groups[0]!.rows, chosen: new Int32Array(0) };
    assert.deepEqual(
      fitListwise([...groups, nothing], { width: WIDTH, ridge: 1e-3 }),
      fitListwise(groups, { width: WIDTH, ridge: 1e-3 }),
    );
    assert.throws(() => fitListwise([nothing], { width: WIDTH, ridge: 1e-3 }), RangeError);
  });
});
