import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import type { Candidates } from '../../../services/rerank/candidates.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import { selectArmPolicy } from '../../../services/rerank/experiments/arm-policy.ts';
import { bestBlend, modelsOf, orderBy, valueOfBlend } from './fixed-orders.ts';
import type { Household } from './households.ts';
import { serveAndLearn } from './learning-run.ts';
import { LOOK_MODELS } from './looking.ts';

const ITEMS = 40;
const COLUMNS = ['bias', 'good.proposed', 'good.score', 'bad.proposed', 'bad.score'];

/** Households that buy what `good` ranks high, and nothing that only `bad` does; after the drift the two change places. */
function householdsOf(count: number): Household[] {
  return Array.from({ length: count }, (_, number) => {
    const random = createRandom(`household ${number}`);
    const scores = Array.from({ length: ITEMS }, () => [random.normal(), random.normal()] as const);
    const tableOf = (of: (pair: readonly [number, number]) => readonly [number, number]): Candidates => ({
      candidates: scores.map((_, i) => ({
        itemId: `i${i}`,
        models: ['good', 'bad'],
        because: null,
        explanation: '',
        popularity: 0,
      })),
      features: {
        columns: COLUMNS,
        values: Float64Array.from(scores.flatMap((pair) => [1, 1, of(pair)[0], 1, of(pair)[1]])),
      },
    });
    return {
      userId: `u${number}`,
      pool: { proposals: [], generation: 'g', interestsVersion: 1, recent: new Set(), lastReceivedAt: null },
      candidates: tableOf((pair) => pair),
      drifted: tableOf(([good, bad]) => [bad, good]),
      bought: new Set(scores.flatMap(([good], i) => (good > 1 ? [`i${i}`] : []))),
    };
  });
}

const HOUSEHOLDS = householdsOf(30);
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

test('the best blend in hindsight is that of the better model alone', () => {
  const clicking = { look: 'none', relevant: 0.5, noise: 0.01 } as const;
  const models = modelsOf(HOUSEHOLDS[0]!.candidates.features);
  assert.deepEqual(models, ['good', 'bad']);
  const blend = bestBlend((tried) => valueOfBlend(HOUSEHOLDS, tried, 5, clicking), models);
  assert.ok(blend.get('good')! > 0 && blend.get('bad') === 0);
  const [first] = orderBy(HOUSEHOLDS[0]!.candidates, blend, 1);
  assert.ok(HOUSEHOLDS[0]!.bought.has(first!));
});
