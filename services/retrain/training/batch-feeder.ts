import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Examples } from './prepare.ts';
import type { TrainingStep } from './steps.ts';
import type { TrainConfig } from './train-config.ts';

/** Prepares the steps of a training in a thread of its own, a few ahead of the one that is taken. */
export interface BatchFeeder {
  /**
   * The next step, in the order of `trainingSteps`. Rejects with `training.failed` where the thread failed, ended, or
   * has no step left.
   */
  next(): Promise<TrainingStep>;
  /** Ends the thread, whatever it is doing. */
  end(): Promise<void>;
}

const THREAD = new URL('./batch-feeder-thread.ts', import.meta.url);

/** Steps that are prepared or on their way at most: each is about 3 MB at the defaults. */
export const AHEAD = 4;

/** PinSage's producer (KDD 2018, §3.3, on the CPU there, beside a GPU): batches are made while the trainer steps. */
export function startBatchFeeder(
  { graph, neighbourhoods, pairs }: Examples,
  config: TrainConfig,
): BatchFeeder {
  const examples: Examples = { graph, neighbourhoods, pairs };
  const worker = new Worker(THREAD, { workerData: { examples, config } });
  // Each message to the thread asks for one step, so that what was asked for bounds what waits.
  const ask = () => worker.postMessage('next');
  const steps = on(worker, 'message', { close: ['exit'] });
  for (let asked = 0; asked < AHEAD; asked++) ask();
  return {
    next: async () => {
      try {
        const { value, done } = await steps.next();
        if (done === true) throw new Error('their thread ended');
        ask();
        return (value as [TrainingStep])[0];
      } catch (error) {
        throw new TributaryError('training.failed', `No more batches: ${reasonOf(error)}`, { cause: error });
      }
    },
    end: async () => {
      await worker.terminate();
      await steps.return?.();
    },
  };
}
