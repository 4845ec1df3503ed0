import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '#algorithms/random.ts';
import { AHEAD, type BatchFeeder, startBatchFeeder } from './batch-feeder.ts';
import { communityInput, TINY_CONFIG } from './fixture.testing.ts';
import { type Examples, prepareTraining } from './prepare.ts';
import { type TrainingStep, trainingSteps } from './steps.ts';
import { trainPinSage } from './train.ts';

function examplesOf(config = TINY_CONFIG): Examples {
  const { itemCount, actions } = communityInput();
  return prepareTraining(itemCount, actions, config, createRandom(1));
}

async function takeAll(feeder: BatchFeeder, count: number): Promise<TrainingStep[]> {
  const steps: TrainingStep[] = [];
  while (steps.length < count) steps.push(await feeder.next());
  return steps;
}

describe('the feeder of batches', () => {
  it('the feeder returns the same steps as without a thread, and then ends', async () => {
    const expected = [...trainingSteps(examplesOf(), TINY_CONFIG)];
    const feeder = startBatchFeeder(examplesOf(), TINY_CONFIG);
    try {
      assert.deepEqual(await takeAll(feeder, expected.length), expected);
      await assert.rejects(feeder.next(), { code: 'training.failed', message: /their thread ended/ });
    } finally {
      await feeder.end();
    }
  });

  it('the feeder prepares no more than a few steps ahead', async () => {
    const config = { ...TINY_CONFIG, batch: 8 };
    const [examples, others] = [examplesOf(config), examplesOf(config)];
    const count = [...trainingSteps(examples, config)].length;
    const [slow, fast] = [startBatchFeeder(examples, config), startBatchFeeder(others, config)];
    try {
      await slow.next();
      // In the time that all steps of another feeder take, an unbounded one would have prepared all of its own.
      await takeAll(fast, count);
      examples.pairs.query.fill(7);
      const late = (await takeAll(slow, count - 1)).slice(AHEAD);
      assert.ok(late.length > 0);
      for (const { batch } of late) assert.ok(batch.query.every((place) => batch.targets[place] === 7));
    } finally {
      await Promise.all([slow.end(), fast.end()]);
    }
  });

  it('a failure of the thread rejects with its reason, and fails the training', async () => {
    const config = { ...TINY_CONFIG, hardFromShare: 0.5, hardToShare: 0.1 };
    const failure = { code: 'training.failed', message: /The batches cannot be prepared: Rank band 0.5–0.1/ };
    const feeder = startBatchFeeder(examplesOf(), config);
    await assert.rejects(feeder.next(), failure);
    await feeder.end();
    await assert.rejects(trainPinSage(communityInput({ config })), failure);
  });

  it('no caller waits for a step after the feeder was ended', async () => {
    const feeder = startBatchFeeder(examplesOf(), TINY_CONFIG);
    const waiting = assert.rejects(takeAll(feeder, Infinity), { code: 'training.failed' });
    await feeder.end();
    await waiting;
    await feeder.end();
  });
});
