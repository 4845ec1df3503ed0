import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../../random.ts';
import { type Judgement, judge } from './estimate.ts';
import { type ExpectedRewards, type JudgedSlates, LOOKINGS, type Looking } from './judged-slates.ts';
import { everySlateOnce, marginal, nextItem, trueValue } from './log.testing.ts';

const ITEMS = 4;
const SIZE = 3;
const scores = fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: ITEMS, maxLength: ITEMS });
const near = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

/** Rewards under which the assumption of each way of looking holds, and no weaker one. */
const REWARDS: Record<Looking, (slate: readonly number[]) => number[]> = {
  slot: (slate) => slate.map((item, slot) => (item + 1) / (slot + 2)),
  cascade: (slate) => slate.map((item, slot) => (slot === 0 ? item : item / (1 + slate[slot - 1]!))),
  slate: (slate) => slate.map((item, slot) => (item + slot) * slate.at(-1)!),
};

/** A model of the rewards that is wrong: it knows an item and a slot alone. */
function wrongModel(judged: readonly number[], log: ReturnType<typeof everySlateOnce>): ExpectedRewards {
  const expect = (item: number, slot: number) => 0.3 * item - 0.2 * slot + 1;
  const items = judged.map((_, item) => item);
  const cells = log.items.flatMap((slate) => slate.map((_, slot) => ({ slate, slot })));
  return {
    shown: Float64Array.from(cells, ({ slate, slot }) => expect(slate[slot]!, slot)),
    slot: Float64Array.from(cells, ({ slot }) =>
      items.reduce((sum, item) => sum + marginal(judged, SIZE, item, slot) * expect(item, slot), 0),
    ),
    given: Float64Array.from(cells, ({ slate, slot }) =>
      nextItem(judged, slate.slice(0, slot)).reduce((sum, p, item) => sum + p * expect(item, slot), 0),
    ),
  };
}

for (const looking of LOOKINGS) {
  test(`inverse propensity scores and doubly robust estimates by ${looking} are unbiased, the latter with a wrong model`, () => {
    fc.assert(
      fc.property(scores, (judged) => {
        const log = everySlateOnce(judged, SIZE, REWARDS[looking]);
        const options = { looking, random: createRandom(1), draws: 1, expected: wrongModel(judged, log) };
        const { values, meanWeight } = judge(log, options);
        const truth = trueValue(judged, SIZE, REWARDS[looking]);
        near(values.get('ips')!.value, truth);
        near(values.get('doubly-robust')!.value, truth);
        near(values.get('self-normalised')!.value, truth);
        near(meanWeight, 1);
      }),
      { numRuns: 20 },
    );
  });
}

test('a weaker assumption than the rewards need makes the estimate wrong', () => {
  const judged = [1, 0, -1, 0.5];
  const log = everySlateOnce(judged, SIZE, REWARDS.slate);
  const { values } = judge(log, { looking: 'slot', random: createRandom(1), draws: 1 });
  assert.ok(Math.abs(values.get('ips')!.value - trueValue(judged, SIZE, REWARDS.slate)) > 0.05);
});

test('the policy that logged has weights of 1, its own mean as value, and no lead', () => {
  const log = everySlateOnce([0, 0, 0, 0], SIZE, REWARDS.slate);
  for (const looking of LOOKINGS) {
    const judgement = judge(log, { looking, random: createRandom(1), draws: 50 });
    near(judgement.meanWeight, 1);
    near(judgement.effectiveSampleSize, log.users.length);
    near(judgement.effectiveUsers, log.users.length);
    near(judgement.largestWeight, 1);
    near(judgement.withoutSupport, 0);
    for (const { value, lead } of judgement.values.values()) {
      near(value, trueValue([0, 0, 0, 0], SIZE, REWARDS.slate));
      near(lead.low, 0);
      near(lead.high, 0);
    }
  }
});

/** A log of one slot: user, reward, propensities of both policies. */
function single(rows: readonly (readonly [number, number, number, number])[]): JudgedSlates {
  const column = (index: 1 | 2 | 3) => Float64Array.from(rows, (row) => row[index]);
  return {
    users: Int32Array.from(rows, ([user]) => user),
    slots: 1,
    rewards: column(1),
    logged: { slot: column(2), given: column(2) },
    judged: { slot: column(3), given: column(3) },
  };
}

test('choices that the log lacks show in the mean weight and in the share without support', () => {
  // The judged policy shows with probability .6 an item that the log never has.
  const log = single(Array.from({ length: 100 }, (_, user) => [user, user % 2, 1, 0.4] as const));
  const judgement = judge(log, { looking: 'slot', random: createRandom(1), draws: 10 });
  near(judgement.meanWeight, 0.4);
  near(judgement.withoutSupport, 0.6);
  near(judgement.values.get('self-normalised')!.value, 0.5);
  const known = judge(log, { looking: 'slot', random: createRandom(1), draws: 10, withoutSupport: 0.55 });
  near(known.withoutSupport, 0.55);
});

test('a few large weights lower the effective sample size', () => {
  const log = single([[1, 1, 0.1, 1], ...Array.from({ length: 9 }, (_, i) => [i + 2, 0, 0.9, 0] as const)]);
  const judgement = judge(log, { looking: 'slate', random: createRandom(1), draws: 10 });
  near(judgement.effectiveSampleSize, 1);
  near(judgement.largestWeight, 10);
  near(judgement.meanWeight, 1);
});

test('slates of one user are resampled together, so that repeating each one does not narrow the interval', () => {
  const rows = Array.from({ length: 60 }, (_, user) => [user, user % 3 === 0 ? 1 : 0, 0.5, 0.5] as const);
  const width = (judgement: Judgement) => {
    const { low, high } = judgement.values.get('ips')!;
    return high - low;
  };
  const options = { looking: 'slot', draws: 2_000 } as const;
  const once = width(judge(single(rows), { ...options, random: createRandom(1) }));
  const repeated = rows.flatMap((row) => [row, row, row, row]);
  const four = width(judge(single(repeated), { ...options, random: createRandom(1) }));
  assert.ok(Math.abs(four / once - 1) < 1e-9);
  const apart = repeated.map(([, ...rest], user) => [user, ...rest] as const);
  assert.ok(width(judge(single(apart), { ...options, random: createRandom(1) })) < 0.7 * once);
});

test('a log with a propensity of zero or a reward that is no number is rejected by the name of the field', () => {
  const options = { looking: 'slot', random: createRandom(1) } as const;
  assert.throws(() => judge(single([[1, 0, 0, 1]]), options), /logged\.slot\[0\]: 0 is not in \(0, 1\]/);
  assert.throws(() => judge(single([[1, Number.NaN, 1, 1]]), options), /rewards\[0\]: NaN/);
  assert.throws(() => judge(single([[1, 0, 1, 1.5]]), options), /judged\.slot\[0\]: 1.5 is not in \[0, 1\]/);
  assert.throws(() => judge(single([]), options), /users: a log without slates/);
  const log = single([[1, 0, 1, 1]]);
  assert.throws(() => judge({ ...log, slots: 2 }, options), /rewards: 1 numbers, not 2/);
  assert.throws(() => judge({ ...log, slots: 0 }, options), /slots: 0 is not at least 1/);
  const expected = { shown: Float64Array.of(0), slot: Float64Array.of(0), given: new Float64Array(0) };
  assert.throws(() => judge(log, { ...options, expected }), /expected\.given: 0 numbers, not 1/);
});
