import { posterior } from '#algorithms/bandit/linear.ts';
import { crossFit } from '#algorithms/bandit/ope/cross-fit.ts';
import type { ExpectedRewards, JudgedSlates } from '#algorithms/bandit/ope/judged-slates.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import type { Random } from '#algorithms/random.ts';
import type { SyntheticLog } from './obp-peer.ts';
import { drawIndex } from './slate-world.ts';

const FOLDS = 2;
const NOISE_VARIANCE = 0.2;
/** Judged policies: softmax of the expected rewards with these inverse temperatures. */
const JUDGED = { better: 6, worse: -4, uniform: 0 };
const LOGGING = 2;

/** A finite population of rounds of obp's synthetic task, in which the value of each policy is known exactly. */
export interface SlotWorld {
  readonly population: SyntheticLog;
  readonly logged: readonly Float64Array[];
  /** By policy, then by round. */
  readonly judged: readonly (readonly Float64Array[])[];
  readonly policies: readonly string[];
  readonly values: readonly number[];
}

export function createSlotWorld(population: SyntheticLog): SlotWorld {
  const softmax = (beta: number) =>
    population.expected.map((expected) => {
      const powers = Float64Array.from(expected, (reward) => Math.exp(beta * reward));
      const total = powers.reduce((a, b) => a + b, 0);
      return powers.map((power) => power / total);
    });
  const judged = Object.values(JUDGED).map(softmax);
  const values = judged.map((rounds) => {
    const sums = rounds.map((law, round) =>
      law.reduce((sum, p, action) => sum + p * population.expected[round]![action]!, 0),
    );
    return sums.reduce((a, b) => a + b, 0) / sums.length;
  });
  return { population, logged: softmax(LOGGING), judged, policies: Object.keys(JUDGED), values };
}

/** A log of `rounds` rounds of the population, as slates of one slot, with a model of the rewards by the bandit's own learner. */
export function drawSlotLog(
  world: SlotWorld,
  rounds: number,
  random: Random,
): { readonly log: JudgedSlates; readonly expected: ExpectedRewards }[] {
  const { population, logged, judged } = world;
  const drawn = Int32Array.from({ length: rounds }, () => random.integer(population.context.length));
  const actions = drawn.map((round) => drawIndex(logged[round]!, random));
  const rewards = Float64Array.from(drawn, (round, i) =>
    random.next() < population.expected[round]![actions[i]!]! ? 1 : 0,
  );
  const users = Int32Array.from(drawn.keys());
  const columns = population.expected[0]!.map((_, action) =>
    Array.from({ length: population.context[0]!.length + 1 }, (_, i) => `action-${action}.${i}`),
  );
  const rowOf = (round: number) => Float64Array.of(1, ...population.context[round]!);
  const q = new Array<Float64Array>(rounds);
  crossFit(
    users,
    FOLDS,
    (rows) => {
      const statistics = createStatistics();
      for (const i of rows) observe(statistics, columns[actions[i]!]!, rowOf(drawn[i]!), rewards[i]!);
      const prior = { precision: 1, meanOf: () => 0 };
      return posterior(statistics, { prior, noiseVariance: NOISE_VARIANCE });
    },
    (i, { columns: places, mean }) => {
      const x = rowOf(drawn[i]!);
      q[i] = Float64Array.from(columns, (names) =>
        names.reduce((sum, name, j) => sum + (mean[places.get(name) ?? -1] ?? 0) * x[j]!, 0),
      );
    },
  );
  const pick = (laws: readonly Float64Array[]) =>
    Float64Array.from(drawn, (round, i) => laws[round]![actions[i]!]!);
  const both = (values: Float64Array) => ({ slot: values, given: values });
  const shown = Float64Array.from(q, (own, i) => own[actions[i]!]!);
  return judged.map((laws) => {
    const mean = Float64Array.from(drawn, (round, i) =>
      laws[round]!.reduce((sum, p, action) => sum + p * q[i]![action]!, 0),
    );
    return {
      log: { users, slots: 1, rewards, logged: both(pick(logged)), judged: both(pick(laws)) },
      expected: { shown, slot: mean, given: mean },
    };
  });
}
