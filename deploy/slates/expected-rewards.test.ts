import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plackettLuceLaw } from '#algorithms/bandit/plackett-luce.ts';
import { createRandom } from '#algorithms/random.ts';
import { expectedByModel, type ModelledSlate, meanGiven } from './expected-rewards.ts';

const ROWS = 8;
const SLOTS = 3;
const USERS = 40;

/** A slate of a user whose items are rewarded by their only feature, which the policy likes too. */
function someSlate(seed: number, bonus = 0): ModelledSlate {
  const random = createRandom(`slate ${seed}`);
  const features = Float64Array.from({ length: ROWS }, () => random.normal());
  const law = plackettLuceLaw({ scores: features, size: SLOTS, temperature: 1, random: random.fork('law') });
  const order = law.draw(random);
  return {
    slate: { contextNames: ['at.history'], context: [0.5] },
    set: { featureNames: ['fit'] },
    features,
    law,
    order,
    rewards: Array.from(order, (row, slot) => features[row]! - slot + bonus),
  };
}

const users = Int32Array.from({ length: USERS * 5 }, (_, index) => index % USERS);
const slates = Array.from(users, (_, index) => someSlate(index));

test('the mean given the rows above is that of the conditional probabilities, which sum up to 1', () => {
  const slate = slates[0]!;
  for (const mean of meanGiven(slate, () => 1)) assert.ok(Math.abs(mean - 1) < 1e-12);
  const first = slate.order[0]!;
  const probability = slate.law.conditionals(slate.order.slice(0, 1))[0]!;
  assert.ok(Math.abs(meanGiven(slate, (row) => (row === first ? 1 : 0))[0]! - probability) < 1e-12);
});

test('a model of the rewards finds what features and places are worth', () => {
  const expected = expectedByModel(slates, users, SLOTS);
  for (const [index, { order, rewards }] of slates.entries())
    for (const slot of order.keys())
      assert.ok(Math.abs(expected.shown[index * SLOTS + slot]! - rewards[slot]!) < 0.1);
});

test('what a user earned does not reach the rewards that are expected of the user', () => {
  const changed = slates.map((slate, index) => (users[index] === 7 ? someSlate(index, 100) : slate));
  const [before, after] = [slates, changed].map((log) => expectedByModel(log, users, SLOTS));
  let others = 0;
  for (const [index, user] of users.entries()) {
    const difference = Math.abs(after!.shown[index * SLOTS]! - before!.shown[index * SLOTS]!);
    if (user === 7) assert.equal(difference, 0);
    else if (difference > 0) others++;
  }
  assert.ok(others > USERS, 'the models of the other folds have seen the user');
});

test('without another user to learn from, nothing is expected', () => {
  const alone = expectedByModel(slates.slice(0, 2), Int32Array.of(3, 3), SLOTS);
  assert.ok([...alone.shown, ...alone.slot, ...alone.given].every((one) => one === 0));
});
