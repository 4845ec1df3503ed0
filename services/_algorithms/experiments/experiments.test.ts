import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../random.ts';
import { armOf } from './arms.ts';
import { anytimeInterval, fixedInterval } from './intervals.ts';
import { sampleRatioPValue } from './sample-ratio.ts';
import { type ArmSums, addUser, emptyArm, rewardRate } from './user-means.ts';

const HALVES = [
  { name: 'a', share: 1 },
  { name: 'b', share: 1 },
];

test('users fall into the arms in their shares, and always into the same', () => {
  const arms = [
    { name: 'a', share: 8 },
    { name: 'b', share: 1 },
    { name: 'c', share: 1 },
  ];
  const counts = [0, 0, 0];
  for (let user = 0; user < 20_000; user++) {
    const arm = armOf('x', arms, String(user));
    counts[arm]!++;
    assert.equal(armOf('x', arms, String(user)), arm);
  }
  assert.ok(Math.abs(counts[0]! / 20_000 - 0.8) < 0.01 && Math.abs(counts[2]! / 20_000 - 0.1) < 0.01);
});

test('two experiments divide the users independently', () => {
  let together = 0;
  for (let user = 0; user < 20_000; user++) {
    const id = String(user);
    if (armOf('autumn-1', HALVES, id) === armOf('autumn-2', HALVES, id)) together++;
  }
  assert.ok(Math.abs(together / 20_000 - 0.5) < 0.012);
});

/** Users with tastes of their own, several slates each. */
function drawArm(users: number, random: ReturnType<typeof createRandom>, lift = 0): ArmSums {
  const arm = emptyArm();
  for (let user = 0; user < users; user++) {
    const slates = 1 + random.integer(8);
    const taste = random.next() * 0.4 + lift;
    let rewards = 0;
    for (let slate = 0; slate < slates; slate++) if (random.next() < taste) rewards++;
    addUser(arm, slates, rewards);
  }
  return arm;
}

test('intervals of equal arms at a fixed time cover zero in about 95 of 100 experiments, though slates of a user are alike', () => {
  const random = createRandom('aa');
  let covered = 0;
  for (let i = 0; i < 400; i++) {
    const [a, b] = [rewardRate(drawArm(150, random)), rewardRate(drawArm(150, random))];
    const { low, high } = fixedInterval(b.mean - a.mean, a.variance + b.variance);
    if (low <= 0 && high >= 0) covered++;
  }
  assert.ok(covered >= 365 && covered <= 395, `${covered} of 400`);
});

test('intervals that are looked at every day cover zero in all looks of at least 95 of 100 experiments, and find a difference', () => {
  const random = createRandom('daily');
  const merged = (arm: ArmSums, more: ArmSums) => {
    for (const key of Object.keys(more) as (keyof ArmSums)[]) arm[key] += more[key];
  };
  const everExcludesZero = (lift: number) => {
    const [a, b] = [emptyArm(), emptyArm()];
    for (let day = 0; day < 30; day++) {
      merged(a, drawArm(50, random));
      merged(b, drawArm(50, random, lift));
      const [first, second] = [rewardRate(a), rewardRate(b)];
      const variance = first.variance + second.variance;
      const { low, high } = anytimeInterval(second.mean - first.mean, variance, a.users + b.users);
      if (low > 0 || high < 0) return true;
    }
    return false;
  };
  const wrong = Array.from({ length: 200 }, () => everExcludesZero(0)).filter(Boolean).length;
  assert.ok(wrong <= 10, `${wrong} of 200 equal arms differ on some day`);
  const found = Array.from({ length: 20 }, () => everExcludesZero(0.1)).filter(Boolean).length;
  assert.ok(found >= 18, `${found} of 20 better arms are found`);
});

test('the anytime interval contains the fixed one', () => {
  for (const users of [10, 1_000, 100_000]) {
    const fixed = fixedInterval(0, 1 / users);
    const always = anytimeInterval(0, 1 / users, users);
    assert.ok(always.low < fixed.low && always.high > fixed.high);
    assert.ok(always.high < (users < 100 ? 8 : 3) * fixed.high);
  }
});

test('an arm that loses users fails the test of the sample ratio, and fair arms pass it on every day', () => {
  assert.ok(sampleRatioPValue([5_000, 4_400], [1, 1]) < 1e-3);
  assert.ok(sampleRatioPValue([5_000, 5_020], [1, 1]) > 0.2);
  assert.equal(sampleRatioPValue([0, 0], [1, 1]), 1);
  assert.ok(sampleRatioPValue([8_000, 1_000, 1_010], [8, 1, 1]) > 0.2);
  const random = createRandom('ratio');
  let alarms = 0;
  for (let experiment = 0; experiment < 200; experiment++) {
    const counts = [0, 0];
    let least = 1;
    for (let user = 1; user <= 2_000; user++) {
      counts[random.integer(2)]!++;
      if (user % 100 === 0) least = Math.min(least, sampleRatioPValue(counts, [1, 1]));
    }
    if (least < 0.05) alarms++;
  }
  assert.ok(alarms <= 14, `${alarms} of 200 fair experiments raise an alarm at 5 %`);
});

test('one user has no variance', () => {
  const arm = emptyArm();
  addUser(arm, 3, 1);
  assert.ok(Number.isNaN(rewardRate(arm).variance));
});
