import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanWeights, scoreRows } from '#algorithms/bandit/choice.ts';
import { createRandom } from '#algorithms/random.ts';
import { learnLinear, learnLogistic, taskTable } from './task.ts';

/** Of two actions the first one is rewarded where the context is positive, the second one where it is negative. */
function crossedLog(rounds: number) {
  const random = createRandom('task');
  const context = Array.from({ length: rounds }, () => [random.normal()]);
  const action = context.map(() => random.integer(2));
  const expected = context.map(([x = 0]) => (x > 0 ? [0.9, 0.1] : [0.1, 0.9]));
  const reward = action.map((taken, round) => (random.next() < expected[round]![taken]! ? 1 : 0));
  return { context, action, reward, expected, propensity: action.map(() => 0.5) };
}

test('a candidate has its own columns and their products with the context', () => {
  const log = { ...crossedLog(1), context: [[2]] };
  const { columns, values } = taskTable(log, 0);
  assert.deepEqual(columns.slice(0, 3), ['bias', 'action-0', 'action-1']);
  const own = Object.fromEntries(columns.map((name, i) => [name, values[i]]));
  assert.equal(own['action-0.at.context-0'], 2);
  assert.equal(own['action-1.at.context-0'], 0);
  assert.equal(own['bias.at.context-0'], 2);
});

test('both learners prefer another action in another context', () => {
  const log = crossedLog(600);
  const learned = [
    learnLinear(log, 600, { priorDeviation: 0.1, noiseVariance: 0.1 }),
    learnLogistic(log, 600, 2),
  ];
  for (const posterior of learned) {
    for (const [x, best] of [
      [1, 0],
      [-1, 1],
    ] as const) {
      const table = taskTable({ ...log, context: [[x]] }, 0);
      const scores = scoreRows(table, meanWeights(posterior, table.columns));
      assert.equal(scores.indexOf(Math.max(...scores)), best);
    }
  }
});
