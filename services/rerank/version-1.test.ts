/**
 * Version 1 had thirteen features in a fixed order, without names. Its statistics, rewards and slates, kept in
 * fixtures/version-1.json as that code made them, must mean the same to this code, to the last bit.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { meanWeights } from '#algorithms/bandit/choice.ts';
import { decodeStatistics, encodeStatistics } from '#algorithms/bandit/statistics.ts';
import type { Proposal, Slot } from '#contracts/generated/records.ts';
import { COLUMNS_OF_VERSION_1, priorMeanOf } from './features.ts';
import { learnPosterior } from './learning/posterior.ts';
import { someReward } from './learning/rewards.testing.ts';
import { applyRewards, nothingLearned } from './learning/rewards.ts';
import { selectPolicy } from './policies/select.ts';
import { joinPools } from './pools/pool.ts';
import { NOW } from './pools/proposals.testing.ts';
import { composeSlate, type ServedPolicy } from './slate.ts';

interface Fixture {
  /** Statistics of two partitions, in base64. */
  readonly statistics: readonly string[];
  /** The rewards of the first partition: thirteen features, then the reward. */
  readonly rewards: ReadonlyArray<readonly number[]>;
  /** Mean of the posterior over both partitions. */
  readonly mean: readonly number[];
  readonly own: Proposal;
  readonly everybody: Proposal;
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

function serve(statistics: typeof partitions): ServedPolicy {
  const { posterior, observations } = learnPosterior(statistics, PRIOR);
  const { label, create } = selectPolicy('thompson', { 'thompson.draws': 64 });
  return { label, policy: create(posterior), observations };
}

function compose(name: string, options: { isKnown: boolean; excludeRecent: boolean; served: ServedPolicy }) {
  const { isKnown, excludeRecent, served } = options;
  const own = isKnown ? [{ offset: 4, proposal: FIXTURE.own }] : [];
  const pool = joinPools(own, [{ offset: 0, proposal: FIXTURE.everybody }]);
  const slateId = `slate of ${name}`;
  return composeSlate({ slateId, userId: 'ann', size: 8, pool, served, excludeRecent, now: NOW });
}

test('statistics of version 1 are what reading its rewards again gives, to the last bit', () => {
  const learned = nothingLearned();
  applyRewards(
    learned,
    FIXTURE.rewards.map((numbers, index) =>
      someReward(index + 1, { features: numbers.slice(0, -1), featureNames: [], reward: numbers.at(-1)! }),
    ),
  );
  assert.deepEqual(encodeStatistics(learned.statistics), encodeStatistics(partitions[0]!));
});

test('the posterior has the mean that version 1 learned, to the last bit', () => {
  const { posterior, observations } = learnPosterior(partitions, PRIOR);
  assert.deepEqual([...meanWeights(posterior, COLUMNS_OF_VERSION_1)], FIXTURE.mean);
  assert.equal(observations, 120);
});

for (const { name, isKnown, excludeRecent, slate } of FIXTURE.slates) {
  test(`a slate of ${name} is the one that version 1 chose: items, scores, propensities and features`, () => {
    const { slots, featureNames } = compose(name, { isKnown, excludeRecent, served: serve(partitions) });
    const unnamed = slots.map(({ itemId, score, propensity, features }) => {
      const byName = new Map(featureNames.map((column, index) => [column, features[index]!]));
      const all = COLUMNS_OF_VERSION_1.map((column) => byName.get(column) ?? 0);
      return { itemId, score, propensity, features: all };
    });
    assert.deepEqual(unnamed, slate);
  });
}

test('a model that is new beside statistics of version 1 begins at its prior and leaves the others what they learned', () => {
  const { posterior } = learnPosterior(partitions, PRIOR);
  const columns = [...COLUMNS_OF_VERSION_1, 'sequence.proposed', 'sequence.rank', 'sequence.score'];
  assert.deepEqual(
    [...meanWeights(posterior, columns)],
    [...FIXTURE.mean, 0, 0, priorMeanOf('sequence.score')],
  );
});
