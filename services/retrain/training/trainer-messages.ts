import type { DistributedInference } from '../inference/distributed.ts';
import type { EpochReport } from './optimise.ts';
import type { TrainInput, TrainResult } from './train.ts';

/** The input of the training process, sent once. */
export interface TrainerTask {
  readonly input: TrainInput;
  /** How the catalogue is embedded. Default: in this process and in memory. */
  readonly inference?: DistributedInference | undefined;
}

/** Messages of the training process to its parent. `trained` and `failed` are its last ones. */
export type TrainerMessage =
  | { readonly kind: 'epoch'; readonly report: EpochReport }
  | { readonly kind: 'trained'; readonly result: TrainResult }
  | { readonly kind: 'failed'; readonly reason: string };
