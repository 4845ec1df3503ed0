import * as tf from '@tensorflow/tfjs-node';

/** Adam (Kingma and Ba 2015) with a learning rate that may change between steps. */
export class ScheduledAdam extends tf.AdamOptimizer {
  constructor() {
    super(0, 0.9, 0.999, 1e-8);
  }

  setLearningRate(rate: number): void {
    this.learningRate = rate;
  }
}

export interface LearningRateSchedule {
  readonly learningRate: number;
  /** Factor from one epoch to the next. */
  readonly decay: number;
}

/**
 * Learning rate at `progress` ∈ [0, 1] of `epoch` ≥ 1: a linear warm-up during epoch 1, then exponential decay
 * (PinSage, KDD 2018, §3.3).
 */
export function learningRateAt(
  { learningRate, decay }: LearningRateSchedule,
  epoch: number,
  progress: number,
): number {
  return epoch === 1 ? learningRate * progress : learningRate * decay ** (epoch - 2 + progress);
}
