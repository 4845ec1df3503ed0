import { createStatistics, observe } from '#algorithms/bandit/statistics.ts';
import { createRandom } from '#algorithms/random.ts';
import { learnPosterior, type PriorOptions } from '../../../services/rerank/learning/posterior.ts';
import type { SelectedPolicy } from '../../../services/rerank/policies/select.ts';
import { type Clicking, relevanceOf } from './fixed-orders.ts';
import type { Household } from './households.ts';
import { expectedClicks, look } from './looking.ts';

export interface RunOptions {
  readonly households: readonly Household[];
  readonly policy: SelectedPolicy;
  readonly learner: PriorOptions;
  readonly clicking: Clicking;
  readonly seed: number;
  /** Slates served. */
  readonly impressions: number;
  readonly size: number;
  /** Slates between two posteriors. */
  readonly refresh: number;
  /** First slate after the drift; none by default. */
  readonly driftAt?: number;
}

/** One slate that a policy served. */
export interface Visit {
  /** Number of the household. */
  readonly household: number;
  /** Of this slate. */
  readonly expected: number;
  readonly clicks: number;
}

/** Who visits at each step: the same for all policies of a seed, so that they can be compared visit by visit. */
export function visitorAt(seed: number, step: number, households: number): number {
  return createRandom(`visitor ${seed} ${step}`).integer(households);
}

/**
 * Serves slates by the product's policy on the posterior of its learner, which learns from the clicks on the slots that were seen. Nothing of
 * what is relevant reaches it but by clicks.
 */
export function serveAndLearn(options: RunOptions): Visit[] {
  const { households, policy, learner, clicking, seed, impressions, size, refresh } = options;
  const { driftAt = Number.POSITIVE_INFINITY } = options;
  const statistics = createStatistics();
  const visits: Visit[] = [];
  let current = policy.create(learnPosterior([statistics], learner).posterior);
  for (let step = 0; step < impressions; step++) {
    if (step > 0 && step % refresh === 0)
      current = policy.create(learnPosterior([statistics], learner).posterior);
    const number = visitorAt(seed, step, households.length);
    const household = households[number]!;
    const table = step < driftAt ? household.table : household.drifted;
    const random = createRandom(`visit ${seed} ${step}`);
    const { order } = current.choose(table, size, random);
    const relevance = relevanceOf(household, order, clicking);
    const { seen, clicked } = look(relevance, clicking.look, random);
    const { columns, values } = table;
    for (const [slot, row] of order.entries()) {
      if (!seen[slot]) continue;
      const x = values.subarray(row * columns.length, (row + 1) * columns.length);
      observe(statistics, columns, x, clicked[slot] ? 1 : 0);
    }
    const clicks = clicked.filter(Boolean).length;
    visits.push({ household: number, expected: expectedClicks(relevance, clicking.look), clicks });
  }
  return visits;
}
