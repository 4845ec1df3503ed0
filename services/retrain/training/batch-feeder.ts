import { on } from 'node:events';
import { Worker } from 'node:worker_threads';
import { reasonOf, TributaryError } from '#contracts/errors.ts';
import type { Examples } from './prepare.ts';
import type { TrainingStep } from './steps.ts';
import type { TrainConfig } from './train-config.ts';

/** Prepares the steps of a training in a thread of its own, a few ahead of the current one. */
export interface BatchFeeder {
  /**
   * The next step, in the order of `trainingSteps`. Rejects with `training.failed` if the thread failed, ended, or
   * has no step left.
   */
  next(): Promise<TrainingStep>;
  /** Ends the thread at any time. */
  end(): Promise<void>;
}

const THREAD = new URL('./batch-feeder-thread.ts', import.meta.url);

/** Maximum number of prepared steps: each is about 3 MB at the defaults. */
export const AHEAD = 4;

/**
 * PinSage's producer–consumer training (KDD 2018, §3.3; there on CPU beside a GPU): batches are prepared while the
 * trainer steps.
 */
export function startBatchFeeder(
  { graph, neighbourhoods, pairs, hardBand }: Examples,
  config: TrainConfig,
): BatchFeeder {
  const examples: Examples = { graph, neighbourhoods, pairs, hardBand };
  const worker = new Worker(THREAD, { workerData: { examples, config } });
  // Each message to the thread requests one step, so the number of requests limits the prepared steps.
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
        throw new TributaryError('training.failed', `The batches cannot be prepared: ${reasonOf(error)}`, {
          cause: error,
        });
      }
    },
    end: async () => {
      await worker.terminate();
      await steps.return?.();
    },
  };
}
