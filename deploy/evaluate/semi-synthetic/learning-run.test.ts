import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candidates } from '../../../services/rerank/candidates.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import { selectArmPolicy } from '../../../services/rerank/experiments/arm-policy.ts';
import { bestBlend, modelsOf, orderBy, valueOfBlend } from './fixed-orders.ts';
import { someHouseholds } from './households.testing.ts';
import type { Household } from './households.ts';
import { serveAndLearn } from './learning-run.ts';
import { LOOK_MODELS } from './looking.ts';

const HOUSEHOLDS = someHouseholds(30);
const config = readRerankConfig();
const selected = selectArmPolicy('thompson', config);
assert.ok('label' in selected);
const OPTIONS = {
  households: HOUSEHOLDS,
  policy: selected,
  settings: { ...config, learner: { ...config, ...config.terms } },
  size: 5,
  refresh: 25,
  slatesADay: 700,
  seed: 1,
} as const;

for (const look of LOOK_MODELS) {
  test(`the product's learner finds the better model from clicks of people who look by ${look}`, () => {
    const clicking = { look, relevant: 0.5, noise: 0.01 };
    const visits = serveAndLearn({ ...OPTIONS, clicking, impressions: 1_500 });
    const mean = (from: number, to: number) =>
      visits.slice(from, to).reduce((sum, { expected }) => sum + expected, 0) / (to - from);
    const alike = valueOfBlend(
      HOUSEHOLDS,
      new Map([
        ['good', 1],
        ['bad', 1],
      ]),
      5,
      clicking,
    );
    const best = valueOfBlend(HOUSEHOLDS, new Map([['good', 1]]), 5, clicking);
    assert.ok(
      mean(1_200, 1_500) > alike + 0.5 * (best - alike),
      `${mean(1_200, 1_500)} of ${alike} to ${best}`,
    );
    assert.deepEqual(serveAndLearn({ ...OPTIONS, clicking, impressions: 50 }), visits.slice(0, 50));
  });
}

/** The same households with a column of what was shown to them. */
function rememberingHouseholds(): Household[] {
  const withShown = ({ candidates, features: { columns, values } }: Candidates): Candidates => {
    const wide = new Float64Array(candidates.length * (columns.length + 1));
    for (let row = 0; row < candidates.length; row++)
      wide.set(values.subarray(row * columns.length, (row + 1) * columns.length), row * (columns.length + 1));
    return { candidates, features: { columns: [...columns, 'item.shown'], values: wide } };
  };
  return HOUSEHOLDS.map((household) => ({
    ...household,
    candidates: withShown(household.candidates),
    drifted: withShown(household.drifted),
  }));
}

test('a policy that knows what a household has passed over finds more of what it buys', () => {
  const clicking = { look: 'none', relevant: 0.5, noise: 0.01 } as const;
  const settings = { ...OPTIONS.settings, learner: { ...OPTIONS.settings.learner, priorDeviation: 0.1 } };
  // No feature tells apart the half of the items that nobody buys.
  const even = (itemId: string) => Number(itemId.slice(1)) % 2 === 0;
  const lastOf = (given: Household[]) => {
    const households = given.map((one) => ({ ...one, bought: new Set([...one.bought].filter(even)) }));
    const visits = serveAndLearn({ ...OPTIONS, settings, households, clicking, impressions: 1_500 });
    return visits.slice(-300).reduce((sum, { expected }) => sum + expected, 0) / 300;
  };
  const [without, knowing] = [lastOf(HOUSEHOLDS), lastOf(rememberingHouseholds())];
  assert.ok(knowing > 1.2 * without, `${knowing} and ${without}`);
});

test('the best blend in hindsight is that of the better model alone', () => {
  const clicking = { look: 'none', relevant: 0.5, noise: 0.01 } as const;
  const models = modelsOf(HOUSEHOLDS[0]!.candidates.features);
  assert.deepEqual(models, ['good', 'bad']);
  const blend = bestBlend((tried) => valueOfBlend(HOUSEHOLDS, tried, 5, clicking), models);
  assert.ok(blend.get('good')! > 0 && blend.get('bad') === 0);
  const [first] = orderBy(HOUSEHOLDS[0]!.candidates, blend, 1);
  assert.ok(HOUSEHOLDS[0]!.bought.has(first!));
});
