import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judge } from '#algorithms/bandit/ope/estimate.ts';
import { LOOKINGS } from '#algorithms/bandit/ope/judged-slates.ts';
import { createRandom } from '#algorithms/random.ts';
import { everySlate, lawOf, nextItems } from './plackett-luce-slates.ts';
import { expectedBySlate } from './slate-model.ts';
import { createSlateWorld, drawLog, trueValues } from './slate-world.ts';

const near = (a: number, b: number, within = 1e-9) => assert.ok(Math.abs(a - b) < within, `${a} is not ${b}`);
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

test('the probabilities of all slates, of the items in a slot and of the next item each sum to 1', () => {
  const every = everySlate(5, 3);
  assert.equal(every.slates.length, 60 * 3);
  const law = lawOf(every, Float64Array.of(0.5, -1, 2, 0, 0.3));
  near(sum(law.slates), 1);
  for (let slot = 0; slot < 3; slot++) near(sum(law.marginal.subarray(slot * 5, slot * 5 + 5)), 1);
  const first = every.slates.subarray(0, 3);
  const product = [0, 1, 2].reduce((p, slot) => p * nextItems(law, first, slot)[first[slot]!]!, 1);
  near(product, law.slates[0]!);
  near(sum(nextItems(law, first, 2)), 1);
});

test('the doubly robust estimate of a long log is near the true value of each policy, however people look', () => {
  const world = createSlateWorld(createRandom('world'));
  for (const looking of LOOKINGS) {
    const log = drawLog(world, looking, 12_000, createRandom(looking));
    const truths = trueValues(world, looking);
    for (const policy of [0, 1]) {
      const expected = expectedBySlate(world, log, policy);
      const random = createRandom(1);
      const { values, meanWeight } = judge(log.judged[policy]!, { looking, random, expected, draws: 2 });
      near(values.get('doubly-robust')!.value, truths[policy]!, 0.06);
      near(meanWeight, 1, 0.15);
    }
  }
});
