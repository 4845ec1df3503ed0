import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Reward } from '#contracts/generated/records.ts';
import { decodeBlock, encodeBlock, learnerOfKey } from './blocks.ts';
import { createMemoryStatisticsStore } from './memory-store.testing.ts';
import { learnPosterior, type PriorOptions, readPosterior } from './posterior.ts';
import { applyRewards, someRewards, TERMS } from './rewards.testing.ts';
import { MAX_LEARNERS, nothingLearned } from './rewards.ts';

const OPTIONS: PriorOptions = { halfLifeMs: TERMS.halfLifeMs, priorDeviation: 0.02, noiseVariance: 0.04 };
const WHOSE = ['', 'autumn/control', 'autumn/new', 'spring/new'];

/** Rewards of slates of two slots, whose learners take turns. */
function log(count: number): Reward[] {
  return someRewards(count).map((reward) => ({
    ...reward,
    learner: WHOSE[Math.floor((reward.sequence - 1) / 2) % WHOSE.length]!,
  }));
}

function learnedFrom(rewards: readonly Reward[]) {
  const learned = nothingLearned();
  const outcomes = applyRewards(learned, rewards);
  return { learned, outcomes };
}

describe('learning apart by arm', () => {
  it('an arm learns from its own rewards and from those outside of its experiment, and not from other arms', () => {
    const { learned } = learnedFrom(log(80));
    for (const learner of ['autumn/control', 'autumn/new']) {
      const without = log(80).filter(
        (reward) => reward.learner === learner || !reward.learner.startsWith('autumn/'),
      );
      const wanted = learnPosterior([learnedFrom(without).learned], OPTIONS);
      const found = learnPosterior([learned], OPTIONS, '', learner);
      assert.equal(found.observations, wanted.observations);
      // The sums are added in another order.
      for (const [name, column] of wanted.posterior.columns) {
        const [a, b] = [
          found.posterior.mean[found.posterior.columns.get(name)!],
          wanted.posterior.mean[column],
        ];
        assert.ok(Math.abs(a! - b!) < 1e-12, `${name}: ${a}, not ${b}`);
      }
    }
  });

  it('outside of a running experiment everything teaches, what was learned apart included', () => {
    const { learned } = learnedFrom(log(80));
    assert.equal(learnPosterior([learned], OPTIONS).observations, 80);
    assert.equal(learnPosterior([learned], OPTIONS, '', 'autumn/new').observations, 60);
    assert.equal(learnPosterior([learned], OPTIONS, '', 'winter/new').observations, 80);
  });

  it('the posteriors of arms have ids of their own, and are computed once', async () => {
    const store = createMemoryStatisticsStore();
    const { learned } = learnedFrom(log(16));
    await store.save(0, { learned, offset: 15, incarnation: undefined });
    const read = await readPosterior(store, 2, OPTIONS);
    const apart = read.of('autumn/new');
    assert.equal(read.of('autumn/new'), apart);
    assert.equal(read.id, read.of('').id);
    assert.equal(new Set([read.id, apart.id, read.of('autumn/control').id]).size, 3);
    assert.deepEqual(apart.offsets, read.offsets);
  });

  it('what an arm learned is read back to the last bit, and is forgotten with its rewards', () => {
    const { learned } = learnedFrom(log(16));
    assert.equal(learned.blocks.size, WHOSE.length);
    for (const [key, block] of learned.blocks)
      assert.deepEqual(decodeBlock(encodeBlock(block), learnerOfKey(key)), block);
    learned.changed.clear();
    const servedAt = log(1)[0]!.servedAt + 4 * TERMS.halfLifeMs;
    const later = someRewards(18)
      .slice(16)
      .map((reward) => ({ ...reward, servedAt }));
    applyRewards(learned, later);
    assert.deepEqual(
      [...learned.blocks.values()].map(({ learner }) => learner),
      [''],
    );
    assert.equal(learned.changed.size, WHOSE.length, 'the store forgets them too');
  });

  it('rewards of one arm more than the limit are not taken, and those of known arms are', () => {
    const rewards = someRewards(2 * MAX_LEARNERS + 4).map((reward, i) => ({
      ...reward,
      learner: i >= 2 * MAX_LEARNERS + 2 ? 'e/arm-0' : `e/arm-${Math.floor(i / 2)}`,
    }));
    const { outcomes } = learnedFrom(rewards);
    const expected = rewards.map(({ learner }) =>
      learner === `e/arm-${MAX_LEARNERS}` ? 'too-many-learners' : 'taken',
    );
    assert.deepEqual(outcomes, expected);
  });

  it('a reward whose learner names no arm is invalid', () => {
    const [reward] = someRewards(1);
    for (const learner of ['autumn', 'a/b/c', 'Autumn/new', '/'])
      assert.deepEqual(learnedFrom([{ ...reward!, learner }]).outcomes, ['invalid']);
  });
});
