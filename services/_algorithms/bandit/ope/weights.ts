import type { JudgedSlates, Looking } from './judged-slates.ts';

/** Importance weights of a log: slates × slots, row-major. */
export interface Weights {
  readonly slots: number;
  readonly values: Float64Array;
  /** For the expectation of a reward model: the weight of the items above the slot, 1 where it does not depend on them. */
  readonly above: Float64Array;
}

/**
 * The weight of each slot: the probability of what the reward depends on, by the judged policy over the logged one. Slot: Li et al. 2018
 * (item-position model). Cascade: McInerney et al. 2020 (reward interaction IPS). Slate: Precup et al. 2000.
 */
export function weigh({ users, slots, logged, judged }: JudgedSlates, looking: Looking): Weights {
  const values = new Float64Array(users.length * slots);
  const above = new Float64Array(values.length).fill(1);
  for (let first = 0; first < values.length; first += slots) {
    let product = 1;
    for (let at = first; at < first + slots; at++) {
      if (looking === 'slot') {
        values[at] = judged.slot[at]! / logged.slot[at]!;
        continue;
      }
      if (looking === 'cascade') above[at] = product;
      product *= judged.given[at]! / logged.given[at]!;
      values[at] = product;
    }
    if (looking === 'slate') values.fill(product, first, first + slots);
  }
  return { slots, values, above };
}

/** How much of the log speaks about the judged policy. */
export interface Support {
  /** Mean of the weights; 1 if the logged policy could show all that the judged one shows, and the propensities are right. */
  readonly meanWeight: number;
  /** Number of slates of the judged policy that would be as informative: (Σw)²/Σw² (Kish 1965). */
  readonly effectiveSampleSize: number;
  readonly largestWeight: number;
  /** Share of the judged policy's choices that the logged policy cannot make, 0 to 1: as given, else 1 − mean weight. */
  readonly withoutSupport: number;
}

/** The support of the slot with the least: of each figure the worst over the slots. */
export function supportOf({ slots, values }: Weights, withoutSupport?: number): Support {
  const slates = values.length / slots;
  let [meanWeight, effectiveSampleSize, largestWeight] = [1, slates, 0];
  for (let slot = 0; slot < slots; slot++) {
    let [sum, squares] = [0, 0];
    for (let at = slot; at < values.length; at += slots) {
      const weight = values[at]!;
      sum += weight;
      squares += weight * weight;
      if (weight > largestWeight) largestWeight = weight;
    }
    const mean = sum / slates;
    if (Math.abs(mean - 1) > Math.abs(meanWeight - 1)) meanWeight = mean;
    effectiveSampleSize = Math.min(effectiveSampleSize, squares === 0 ? 0 : (sum * sum) / squares);
  }
  const missing = withoutSupport ?? Math.max(0, 1 - meanWeight);
  return { meanWeight, effectiveSampleSize, largestWeight, withoutSupport: missing };
}
