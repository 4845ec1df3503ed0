import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { columnsOf, communityInput, TINY_CONFIG } from './fixture.testing.ts';
import { trainInChild } from './train-in-child.ts';

const endless = { ...TINY_CONFIG, epochs: 100_000, patience: 100_000, secondsBudget: 600 };

/** Running child processes, as reported by the kernel. */
function childrenOfThisProcess(): number[] {
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8');
  return children.split(' ').filter(Boolean).map(Number);
}

describe('trainInChild', () => {
  it('trainInChild returns typed arrays and reports every epoch, while the parent stays responsive', async () => {
    const epochs: number[] = [];
    let ticks = 0;
    const ticker = setInterval(() => ticks++, 5);
    const config = { ...TINY_CONFIG, patience: 9 };
    const result = await trainInChild(communityInput({ config }), ({ epoch }) => epochs.push(epoch));
    clearInterval(ticker);
    assert.deepEqual(epochs, [1, 2, 3]);
    assert.ok(result.embeddings instanceof Float32Array);
    assert.ok(result.weights.headOutput.values instanceof Float32Array);
    assert.ok(ticks > 0);
  });

  it('trainInChild trains the companions that the input names, and states what each of them cost', async () => {
    const config = { ...TINY_CONFIG, epochs: 1 };
    const input = { ...communityInput({ config }), companions: ['places'] };
    const { companions, metrics, places } = await trainInChild(input);
    assert.deepEqual(
      companions?.map(({ model }) => model),
      ['places'],
    );
    assert.equal(companions?.[0]?.tables?.units?.values.length, places.length);
    assert.ok(metrics.steps.places! >= 0 && metrics.steps.behaviour! >= 0);
  });

  it('trainInChild rejects with the reason of a failed training', async () => {
    const input = { ...communityInput(), actions: columnsOf([]) };
    await assert.rejects(trainInChild(input), {
      code: 'training.failed',
      message: /contain no training pairs/,
    });
  });

  it('trainInChild kills the training when it is aborted, and rejects with the reason', async () => {
    const controller = new AbortController();
    const training = trainInChild(
      communityInput({ config: endless }),
      () => controller.abort(new Error('shutting down')),
      controller.signal,
    );
    await assert.rejects(training, /shutting down/);
    assert.deepEqual(childrenOfThisProcess(), []);
  });

  it('trainInChild rejects when the process is killed from outside', async () => {
    const training = trainInChild(communityInput({ config: endless }), () => {
      for (const pid of childrenOfThisProcess()) process.kill(pid, 'SIGKILL');
    });
    await assert.rejects(training, { code: 'training.failed', message: /without a result \(SIGKILL\)/ });
    assert.deepEqual(childrenOfThisProcess(), []);
  });

  it('trainInChild starts nothing if it was already aborted', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await assert.rejects(trainInChild(communityInput(), undefined, signal), /too late/);
  });
});
