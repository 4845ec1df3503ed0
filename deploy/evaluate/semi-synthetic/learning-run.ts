import { createRandom } from '#algorithms/random.ts';
import type { Reward } from '#contracts/generated/records.ts';
import { learnPosterior, type PriorOptions } from '../../../services/rerank/learning/posterior.ts';
import {
  applyReward,
  type LearningTerms,
  nothingLearned,
} from '../../../services/rerank/learning/rewards.ts';
import type { SelectedPolicy } from '../../../services/rerank/policies/select.ts';
import { type Clicking, relevanceOf } from './fixed-orders.ts';
import type { Household } from './households.ts';
import { expectedClicks, look } from './looking.ts';

export interface RunOptions {
  readonly households: readonly Household[];
  readonly policy: SelectedPolicy;
  readonly learner: Omit<PriorOptions, 'halfLifeMs'> & { readonly terms: LearningTerms };
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

/** Event time between two slates: 20,000 of them take a week. */
const BETWEEN_SLATES_MS = 30_000;

/** What the learner does not look at. */
const REWARD = {
  rewardId: '',
  userId: '',
  itemId: '',
  actionType: null,
  delay: null,
  propensity: 1,
  outcomes: {},
} as const;

/** Who visits at each step: the same for all policies of a seed, so that they can be compared visit by visit. */
export function visitorAt(seed: number, step: number, households: number): number {
  return createRandom(`visitor ${seed} ${step}`).integer(households);
}

/**
 * Serves slates by the product's policy on the posterior of its learner, which learns from the clicks on the slots that were seen. Nothing of
 * what is relevant reaches it but by clicks.
 */
export function serveAndLearn(run: RunOptions): Visit[] {
  const { households, policy, learner, clicking, seed, impressions, size, refresh } = run;
  const { driftAt = Number.POSITIVE_INFINITY } = run;
  const learned = nothingLearned();
  const options = { ...learner, ...learner.terms };
  const visits: Visit[] = [];
  let current = policy.create(learnPosterior([learned], options).posterior);
  for (let step = 0; step < impressions; step++) {
    if (step > 0 && step % refresh === 0)
      current = policy.create(learnPosterior([learned], options).posterior);
    const number = visitorAt(seed, step, households.length);
    const household = households[number]!;
    const table = step < driftAt ? household.table : household.drifted;
    const random = createRandom(`visit ${seed} ${step}`);
    const { order } = current.choose(table, size, random);
    const relevance = relevanceOf(household, order, clicking);
    const { seen, clicked } = look(relevance, clicking.look, random);
    const { columns, values } = table;
    for (const [slot, row] of order.entries()) {
      const reward: Reward = {
        ...REWARD,
        sequence: step * size + slot + 1,
        slateId: String(step),
        slot,
        slots: order.length,
        reward: clicked[slot] ? 1 : 0,
        features: Array.from(values.subarray(row * columns.length, (row + 1) * columns.length)),
        featureNames: columns,
        servedAt: step * BETWEEN_SLATES_MS,
        exposure: seen[slot] ? 'seen' : 'unseen',
      };
      applyReward(learned, reward, learner.terms);
    }
    const clicks = clicked.filter(Boolean).length;
    visits.push({ household: number, expected: expectedClicks(relevance, clicking.look), clicks });
  }
  return visits;
}
