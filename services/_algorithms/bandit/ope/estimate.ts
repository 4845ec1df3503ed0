import { effectiveUsersOf } from '../../evaluation/effective-users.ts';
import { quantile } from '../../evaluation/quantile.ts';
import type { Random } from '../../random.ts';
import {
  checkExpectedRewards,
  checkJudgedSlates,
  type ExpectedRewards,
  type JudgedSlates,
  type Looking,
} from './judged-slates.ts';
import { type Support, supportOf, type Weights, weigh } from './weights.ts';

/** Inverse propensity scores; the same divided by the mean weight of each slot; doubly robust with a reward model. */
export type Method = 'ips' | 'self-normalised' | 'doubly-robust';

/** The value of the judged policy, in reward a slate, with its interval. */
export interface PolicyValue {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The lead over the policy that logged, on the same slates. */
  readonly lead: { readonly value: number; readonly low: number; readonly high: number };
}

export interface Judgement extends Support {
  readonly looking: Looking;
  /** As `effectiveUsersOf` counts them. */
  readonly effectiveUsers: number;
  /** Without `doubly-robust` if no model of the rewards was given. */
  readonly values: ReadonlyMap<Method, PolicyValue>;
}

export interface JudgeOptions {
  readonly looking: Looking;
  readonly random: Random;
  /** Of a model that did not see the user of the slate. */
  readonly expected?: ExpectedRewards;
  /** Share of the judged policy's choices without support, where all candidates were logged. */
  readonly withoutSupport?: number;
  /** Resamples of the bootstrap. */
  readonly draws?: number;
  /** Confidence level of the intervals, in (0, 1). */
  readonly confidence?: number;
}

/**
 * Estimates the value of a policy from slates that another one showed. Intervals are by bootstrap over users; the model of the rewards is
 * held fixed in them. Throws RangeError for a log that `checkJudgedSlates` rejects.
 */
export function judge(log: JudgedSlates, options: JudgeOptions): Judgement {
  const { looking, random, expected, withoutSupport, draws = 1_000, confidence = 0.95 } = options;
  checkJudgedSlates(log);
  if (expected !== undefined) checkExpectedRewards(expected, log);
  const weights = weigh(log, looking);
  const sums = sumByUser(log, weights, expected && { looking, expected });
  const methods: Method[] = ['ips', 'self-normalised', ...(expected ? (['doubly-robust'] as const) : [])];
  const once = new Uint32Array(sums.users).fill(1);
  const point = valuesOf(sums, once);
  const drawn = methods.map(() => ({
    values: new Float64Array(draws),
    leads: new Float64Array(draws),
  }));
  const counts = new Uint32Array(sums.users);
  for (let draw = 0; draw < draws; draw++) {
    counts.fill(0);
    for (let i = 0; i < sums.users; i++) counts[random.integer(sums.users)]!++;
    const at = valuesOf(sums, counts);
    for (const [index, method] of methods.entries()) {
      drawn[index]!.values[draw] = at[method];
      drawn[index]!.leads[draw] = at[method] - at.logged;
    }
  }
  const tail = (1 - confidence) / 2;
  const interval = (values: Float64Array) => ({
    low: quantile(values, tail),
    high: quantile(values, 1 - tail),
  });
  const values = methods.map((method, index) => {
    const lead = { value: point[method] - point.logged, ...interval(drawn[index]!.leads) };
    return [method, { value: point[method], ...interval(drawn[index]!.values), lead }] as const;
  });
  const [slates, squares] = [sums.slates, sums.slates.map((count) => count * count)].map((counts) =>
    counts!.reduce((a, b) => a + b, 0),
  ) as [number, number];
  const effectiveUsers = effectiveUsersOf(slates, squares);
  return { looking, effectiveUsers, ...supportOf(weights, withoutSupport), values: new Map(values) };
}

/** What each user adds to the estimates: one row a user. */
interface UserSums {
  readonly users: number;
  readonly slots: number;
  readonly slates: Float64Array;
  readonly rewards: Float64Array;
  readonly robust: Float64Array;
  /** users × slots: Σ w·r and Σ w. */
  readonly weighted: Float64Array;
  readonly weights: Float64Array;
}

function sumByUser(
  { users, slots, rewards }: JudgedSlates,
  { values, above }: Weights,
  model: { readonly looking: Looking; readonly expected: ExpectedRewards } | undefined,
): UserSums {
  const numbers = new Map<number, number>();
  for (const user of users) if (!numbers.has(user)) numbers.set(user, numbers.size);
  const count = numbers.size;
  const sums: UserSums = {
    users: count,
    slots,
    slates: new Float64Array(count),
    rewards: new Float64Array(count),
    robust: new Float64Array(count),
    weighted: new Float64Array(count * slots),
    weights: new Float64Array(count * slots),
  };
  const mean = model && (model.looking === 'cascade' ? model.expected.given : model.expected.slot);
  for (const [slate, id] of users.entries()) {
    const user = numbers.get(id)!;
    sums.slates[user]!++;
    for (let slot = 0, at = slate * slots; slot < slots; slot++, at++) {
      const [weight, reward] = [values[at]!, rewards[at]!];
      sums.rewards[user]! += reward;
      sums.weighted[user * slots + slot]! += weight * reward;
      sums.weights[user * slots + slot]! += weight;
      if (model)
        sums.robust[user]! += weight * (reward - model.expected.shown[at]!) + above[at]! * mean![at]!;
    }
  }
  return sums;
}

function valuesOf(sums: UserSums, counts: Uint32Array): Record<Method | 'logged', number> {
  const { users, slots } = sums;
  let [slates, rewards, robust, ips, normalised] = [0, 0, 0, 0, 0];
  for (let user = 0; user < users; user++) {
    const count = counts[user]!;
    if (count === 0) continue;
    slates += count * sums.slates[user]!;
    rewards += count * sums.rewards[user]!;
    robust += count * sums.robust[user]!;
  }
  for (let slot = 0; slot < slots; slot++) {
    let [weighted, weights] = [0, 0];
    for (let user = 0, at = slot; user < users; user++, at += slots) {
      weighted += counts[user]! * sums.weighted[at]!;
      weights += counts[user]! * sums.weights[at]!;
    }
    ips += weighted;
    if (weights > 0) normalised += weighted / weights;
  }
  return {
    ips: ips / slates,
    'self-normalised': normalised,
    'doubly-robust': robust / slates,
    logged: rewards / slates,
  };
}
