import type { StagePorts } from '#platform/stage.ts';
import type { RetrainConfig } from '../config.ts';
import { distributedInference } from '../inference/distributed.ts';
import type { TrainInput, TrainResult } from './train.ts';
import { trainInChild } from './train-in-child.ts';

/** The items of a training by name: item id by number. */
export interface NamedItems {
  readonly generation: string;
  readonly itemIds: readonly string[];
}

/** Trains a generation. Rejects as `trainInChild` does. */
export type Trainer = (input: TrainInput, named: NamedItems) => Promise<TrainResult>;

/** Trainings in a child process that ends with the stage, with the inference workers of the settings; epochs are logged. */
export function createTrainer(
  { config: platform, log, lifecycle }: Pick<StagePorts, 'config' | 'log' | 'lifecycle'>,
  config: RetrainConfig,
): Trainer {
  return (input, named) =>
    trainInChild(
      input,
      (report) => log.info({ generation: named.generation, ...report }, 'epoch'),
      lifecycle.signal,
      distributedInference(platform, config, named),
    );
}
