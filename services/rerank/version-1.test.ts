/**
 * Version 1 had thirteen features in a fixed order, without names. Its statistics, rewards and slates, kept in
 * fixtures/version-1.json as that code made them, must mean the same to this code, to the last bit.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FeatureTable, meanWeights } from '#algorithms/bandit/choice.ts';
import { type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import {
  createStatistics,
  decodeStatistics,
  encodeStatistics,
  merge,
  observe,
} from '#algorithms/bandit/statistics.ts';
import { createRandom } from '#algorithms/random.ts';
import { columnsOfModel, type ModelProposal } from '#contracts/domain/proposed-lists.ts';
import type { Slot } from '#contracts/generated/records.ts';
import { gatherCandidates } from './candidates.ts';
import { COLUMNS_OF_VERSION_1, priorMeanOf } from './features.ts';
import { selectPolicy } from './policies/select.ts';
import { joinPools } from './pools/pool.ts';
import { NOW } from './pools/proposals.testing.ts';

interface Fixture {
  /** Statistics of two partitions, in base64. */
  readonly statistics: readonly string[];
  /** The rewards of the first partition: thirteen features, then the reward. */
  readonly rewards: ReadonlyArray<readonly number[]>;
  /** Mean of the posterior over both partitions. */
  readonly mean: readonly number[];
  readonly own: ModelProposal;
  readonly everybody: ModelProposal;
  readonly slates: ReadonlyArray<{
    readonly name: string;
    /** Whether the user has a proposal of medoid-neighbours beside the list for everybody. */
    readonly isKnown: boolean;
    readonly excludeRecent: boolean;
    readonly slate: ReadonlyArray<Pick<Slot, 'itemId' | 'score' | 'propensity' | 'features'>>;
  }>;
}

const FIXTURE = JSON.parse(
  readFileSync(new URL('./fixtures/version-1.json', import.meta.url), 'utf8'),
) as Fixture;
const PRIOR = { priorDeviation: 0.02, noiseVariance: 0.05 };

const partitions = FIXTURE.statistics.map((text) =>
  decodeStatistics(Buffer.from(text, 'base64'), COLUMNS_OF_VERSION_1),
);

/** The regression of version 1, which added all partitions and gave all weights one prior deviation. */
function posteriorOfVersion1(): { posterior: Posterior; observations: number } {
  const total = createStatistics();
  for (const statistics of partitions) merge(total, statistics);
  const prior = { precision: PRIOR.priorDeviation ** -2, meanOf: priorMeanOf };
  const { noiseVariance } = PRIOR;
  return { posterior: posterior(total, { prior, noiseVariance }), observations: total.count };
}

/** The same table with the columns that version 1 had, so that later features do not matter. */
function onlyVersion1({ columns, values }: FeatureTable): FeatureTable {
  const kept = columns.flatMap((name, index) => (COLUMNS_OF_VERSION_1.includes(name) ? [index] : []));
  const rows = Array.from({ length: values.length / columns.length }, (_, row) =>
    kept.map((index) => values[row * columns.length + index]!),
  );
  return { columns: kept.map((index) => columns[index]!), values: Float64Array.from(rows.flat()) };
}

function choose(name: string, { isKnown, excludeRecent }: { isKnown: boolean; excludeRecent: boolean }) {
  const own = isKnown ? [{ offset: 4, proposal: columnsOfModel(FIXTURE.own) }] : [];
  const pool = joinPools(own, [{ offset: 0, proposal: columnsOfModel(FIXTURE.everybody) }]);
  const excluded = excludeRecent ? pool.recent : new Set<string>();
  const { candidates, features } = gatherCandidates(pool.proposals, {
    excluded,
    areListsEqual: true,
    now: NOW,
  });
  const table = onlyVersion1(features);
  const { create } = selectPolicy('thompson', { 'thompson.draws': 64 });
  const policy = create(posteriorOfVersion1().posterior);
  const { order, scores, propensities } = policy.choose(table, 8, createRandom(`slate of ${name}`));
  return Array.from(order, (row, slot) => ({
    itemId: candidates[row]!.itemId,
    score: scores[slot]!,
    propensity: propensities[slot]!,
    features: COLUMNS_OF_VERSION_1.map((column) => {
      const index = table.columns.indexOf(column);
      return index === -1 ? 0 : table.values[row * table.columns.length + index]!;
    }),
  }));
}

test('statistics of version 1 are what adding its rewards again gives, to the last bit', () => {
  const statistics = createStatistics();
  for (const numbers of FIXTURE.rewards)
    observe(statistics, COLUMNS_OF_VERSION_1, Float64Array.from(numbers.slice(0, -1)), numbers.at(-1)!);
  assert.deepEqual(encodeStatistics(statistics), encodeStatistics(partitions[0]!));
});

test('the posterior has the mean that version 1 learned, to the last bit', () => {
  const { posterior, observations } = posteriorOfVersion1();
  assert.deepEqual([...meanWeights(posterior, COLUMNS_OF_VERSION_1)], FIXTURE.mean);
  assert.equal(observations, 120);
});

for (const { name, isKnown, excludeRecent, slate } of FIXTURE.slates) {
  test(`the slate “${name}” is the one that version 1 chose: items, scores, propensities and features`, () => {
    assert.deepEqual(choose(name, { isKnown, excludeRecent }), slate);
  });
}

test('a model that is new beside statistics of version 1 begins at its prior and leaves the others what they learned', () => {
  const { posterior } = posteriorOfVersion1();
  const columns = [...COLUMNS_OF_VERSION_1, 'sequence.proposed', 'sequence.rank', 'sequence.score'];
  assert.deepEqual(
    [...meanWeights(posterior, columns)],
    [...FIXTURE.mean, 0, 0, priorMeanOf('sequence.score')],
  );
});
