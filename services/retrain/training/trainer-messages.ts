import type { EpochReport } from './optimise.ts';
import type { TrainResult } from './train.ts';

/** What the training process tells its parent. `trained` and `failed` are its last words. */
export type TrainerMessage =
  | { readonly kind: 'epoch'; readonly report: EpochReport }
  | { readonly kind: 'trained'; readonly result: TrainResult }
  | { readonly kind: 'failed'; readonly reason: string };
