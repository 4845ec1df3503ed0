import type { DistributedInference } from '../inference/distributed.ts';
import type { EpochReport } from './optimise.ts';
import type { TrainInput, TrainResult } from './train.ts';

/** What the training process is given, once. */
export interface TrainerTask {
  readonly input: TrainInput;
  /** How the catalogue is embedded; here and in memory when left out. */
  readonly inference?: DistributedInference | undefined;
}

/** What the training process tells its parent. `trained` and `failed` are its last words. */
export type TrainerMessage =
  | { readonly kind: 'epoch'; readonly report: EpochReport }
  | { readonly kind: 'trained'; readonly result: TrainResult }
  | { readonly kind: 'failed'; readonly reason: string };
