import type { FeatureTable } from '#algorithms/bandit/choice.ts';
import { productName, withInteractions } from '#algorithms/bandit/interactions.ts';
import { type Posterior, posterior } from '#algorithms/bandit/linear.ts';
import { observeAtAnchor } from '#algorithms/bandit/logistic.ts';
import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import type { SyntheticLog } from '../ope/obp-peer.ts';

/** The candidates of each round as rerank would have them: one row an action, with its interactions with the context. */
export function taskTable({ context, expected }: SyntheticLog, round: number): FeatureTable {
  const actions = expected[round]!.length;
  const own = Array.from({ length: actions }, (_, action) => `action-${action}`);
  const columns = ['bias', ...own];
  const values = new Float64Array(actions * columns.length);
  for (let action = 0; action < actions; action++) {
    values[action * columns.length] = 1;
    values[action * columns.length + 1 + action] = 1;
  }
  const numbers = context[round]!;
  const names = numbers.map((_, i) => `context-${i}`);
  return withInteractions({ columns, values }, { names, values: Float64Array.from(numbers) }, columns);
}

export interface LearnOptions {
  /** Standard deviation of each weight before any reward. */
  readonly priorDeviation: number;
  readonly noiseVariance: number;
}

/** The posterior of the linear model over the first rounds of the log. */
export function learnLinear(
  log: SyntheticLog,
  rounds: number,
  { priorDeviation, noiseVariance }: LearnOptions,
): Posterior {
  const statistics = createStatistics();
  for (let round = 0; round < rounds; round++) {
    const { columns, x } = shownOf(log, round);
    observe(statistics, columns, x, log.reward[round]!);
  }
  return posterior(statistics, {
    prior: { precision: priorDeviation ** -2, meanOf: () => 0 },
    noiseVariance,
  });
}

/** Standard deviation of each weight of the logistic model, in logits. */
const LOGIT_DEVIATION = 1;

/** The posterior of the logistic model: `steps` Newton steps, the first one from 0, each from the anchor that the one before gave. */
export function learnLogistic(log: SyntheticLog, rounds: number, steps: number): Posterior {
  const prior = { precision: LOGIT_DEVIATION ** -2, meanOf: () => 0 };
  let known = posterior(createStatistics(), { prior, noiseVariance: 1 });
  for (let step = 0; step < steps; step++) {
    const { columns: places, mean } = known;
    const anchor = (column: string) => mean[places.get(column) ?? -1] ?? 0;
    const statistics = createStatistics();
    for (let round = 0; round < rounds; round++) {
      const { columns, x } = shownOf(log, round);
      observeAtAnchor(statistics, columns, x, log.reward[round]!, anchor);
    }
    known = posterior(statistics, { prior, noiseVariance: 1 });
  }
  return known;
}

/** The columns of the shown action; all others are 0 in its row. */
function shownOf({ context, action }: SyntheticLog, round: number): { columns: string[]; x: Float64Array } {
  const numbers = context[round]!;
  const own = ['bias', `action-${action[round]!}`];
  const crossed = own.flatMap((column) => numbers.map((_, i) => productName(column, `context-${i}`)));
  return { columns: [...own, ...crossed], x: Float64Array.of(1, 1, ...numbers, ...numbers) };
}
