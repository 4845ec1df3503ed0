import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { epsilonGreedy } from './epsilon-greedy.ts';
import { priorPosterior } from './policies.testing.ts';

/** Candidates 0, 1, …, the greedy order of which is their own. */
function candidates(count: number) {
  return { columns: ['score'], values: Float64Array.from({ length: count }, (_, row) => -row) };
}

function policyOf(epsilon: number) {
  return epsilonGreedy.create(priorPosterior({ score: 1 }), { epsilon });
}

for (const { count, size, epsilon } of [
  { count: 9, size: 4, epsilon: 0.3 },
  { count: 6, size: 4, epsilon: 0.5 },
  { count: 5, size: 4, epsilon: 0.9 },
  { count: 7, size: 3, epsilon: 1 },
]) {
  test(`propensities are the frequencies of many slates: ${count} candidates, ${size} slots, ε ${epsilon}`, () => {
    const policy = policyOf(epsilon);
    const random = createRandom('frequencies');
    const rounds = 40_000;
    const shown = Array.from({ length: size }, () => new Float64Array(count));
    const stated = Array.from({ length: size }, () => new Float64Array(count));
    for (let round = 0; round < rounds; round++) {
      const { order, propensities } = policy.choose(candidates(count), size, random);
      for (const [slot, row] of order.entries()) {
        shown[slot]![row]!++;
        const before = stated[slot]![row]!;
        assert.ok(before === 0 || before === propensities[slot]!, 'a propensity does not depend on chance');
        stated[slot]![row] = propensities[slot]!;
      }
    }
    for (const [slot, frequencies] of shown.entries()) {
      const total = stated[slot]!.reduce((sum, propensity) => sum + propensity, 0);
      assert.ok(Math.abs(total - 1) < 1e-12, `the propensities of slot ${slot} sum to ${total}`);
      for (const [row, times] of frequencies.entries()) {
        const expected = stated[slot]![row]!;
        const error = Math.abs(times / rounds - expected);
        const deviation = Math.sqrt((expected * (1 - expected)) / rounds);
        assert.ok(
          error <= 5 * deviation,
          `slot ${slot}, candidate ${row}: ${times / rounds}, not ${expected}`,
        );
      }
    }
  });
}

test('with ε 0, or without other candidates, the slate is the greedy one with probability 1', () => {
  for (const [epsilon, count] of [
    [0, 8],
    [1, 4],
  ] as const) {
    const { order, propensities } = policyOf(epsilon).choose(candidates(count), 4, createRandom(1));
    assert.deepEqual([...order], [0, 1, 2, 3]);
    assert.deepEqual([...propensities], [1, 1, 1, 1]);
  }
});

test('inverse propensity weighting of logged slates recovers the value of another policy', () => {
  const rewards = [0.1, 0.2, 0.9, 0.4, 0.3];
  const policy = policyOf(0.4);
  const random = createRandom('off-policy');
  const rounds = 20_000;
  let weighted = 0;
  for (let round = 0; round < rounds; round++) {
    const { order, propensities } = policy.choose(candidates(rewards.length), 2, random);
    // The evaluated policy always shows candidate 2 on top.
    if (order[0] === 2) weighted += rewards[2]! / propensities[0]!;
  }
  assert.ok(Math.abs(weighted / rounds - rewards[2]!) < 0.05, `estimate ${weighted / rounds}`);
});
