import { createRandom } from '#algorithms/random.ts';
import type { Reward, Slate } from '#contracts/generated/records.ts';
import type { Candidates } from '../../../services/rerank/candidates.ts';
import { createContexts } from '../../../services/rerank/context.ts';
import { fillShown } from '../../../services/rerank/item-columns.ts';
import { isShowing, showingOf } from '../../../services/rerank/learning/learner.ts';
import { learnPosterior, type PriorOptions } from '../../../services/rerank/learning/posterior.ts';
import {
  applyReward,
  type LearningTerms,
  nothingLearned,
} from '../../../services/rerank/learning/rewards.ts';
import type { SelectedPolicy } from '../../../services/rerank/policies/select.ts';
import {
  NOTHING_SHOWN,
  type RememberedShowings,
  rememberShowings,
} from '../../../services/rerank/pools/shown-items.ts';
import { composeSlate, type ServedPolicy } from '../../../services/rerank/slate.ts';
import { type Clicking, relevanceOf } from './fixed-orders.ts';
import type { Household } from './households.ts';
import { expectedClicks, type Looked, look } from './looking.ts';

/** The settings of rerank that decide what a slate is, as the stage reads them. */
export interface ProductSettings {
  readonly learner: PriorOptions;
  readonly terms: LearningTerms;
  readonly supportEpsilon: number;
  readonly surfaces: readonly string[];
  readonly timeZone: string;
}

export interface RunOptions {
  readonly households: readonly Household[];
  readonly policy: SelectedPolicy;
  readonly settings: ProductSettings;
  readonly clicking: Clicking;
  readonly seed: number;
  /** Slates served. */
  readonly impressions: number;
  readonly size: number;
  /** Slates between two posteriors. */
  readonly refresh: number;
  /** Slates a day, which decides how fast rewards are forgotten. */
  readonly slatesADay: number;
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

const DAY_MS = 86_400_000;
/** Time of the first slate, ms. */
const START = Date.UTC(2026, 0, 5);

/** What rerank remembers of the showings of each household, from the rewards of its slates. */
class Showings {
  readonly #of = new Map<number, RememberedShowings>();
  #offset = 0;

  /** Writes what was shown to the household into the features. */
  fill(household: number, candidates: Candidates, now: number): Candidates {
    if (candidates.features.columns.includes('item.shown'))
      fillShown(candidates, this.#of.get(household)?.items ?? NOTHING_SHOWN, now);
    return candidates;
  }

  note(household: number, rewards: readonly Reward[]): void {
    const showings = rewards
      .filter((reward) => isShowing('taken', reward))
      .map((reward) => showingOf(this.#offset++, reward));
    this.#of.set(household, rememberShowings(this.#of.get(household), showings, ''));
  }
}

/** Who visits at each step: the same for all policies of a seed, so that they can be compared visit by visit. */
function visitorAt(seed: number, step: number, households: number): number {
  return createRandom(`visitor ${seed} ${step}`).integer(households);
}

/**
 * Serves slates as rerank composes them, on the posterior of its learner, which reads rewards as feedback writes them: the app reports
 * impressions, so that slots that nobody looked at do not teach. Nothing of what is relevant reaches it but by clicks.
 */
export function serveAndLearn(options: RunOptions): Visit[] {
  const { households, policy, settings, clicking, seed, impressions, size, refresh, slatesADay } = options;
  const { driftAt = Number.POSITIVE_INFINITY } = options;
  const contextOf = createContexts({ surfaces: settings.surfaces, zone: settings.timeZone });
  const learned = nothingLearned();
  const showings = new Showings();
  const visits: Visit[] = [];
  let served = servedBy(policy, settings, [learned]);
  for (let step = 0; step < impressions; step++) {
    if (step > 0 && step % refresh === 0) served = servedBy(policy, settings, [learned]);
    const number = visitorAt(seed, step, households.length);
    const household = households[number]!;
    const now = START + Math.round((step / slatesADay) * DAY_MS);
    const { pool, userId } = household;
    const candidates = step < driftAt ? household.candidates : household.drifted;
    const slate = composeSlate({
      slateId: `${seed}-${step}`,
      userId,
      size,
      pool,
      candidates: showings.fill(number, candidates, now),
      context: contextOf({ pool, now }),
      served,
      now,
    });
    const relevance = relevanceOf(
      household,
      slate.slots.map(({ itemId }) => itemId),
      clicking,
    );
    const looked = look(relevance, clicking.look, createRandom(`visit ${seed} ${step}`));
    const rewards = rewardsOf(slate, looked, learned.sequence);
    for (const reward of rewards) applyReward(learned, reward, settings.terms);
    showings.note(number, rewards);
    const clicks = looked.clicked.filter(Boolean).length;
    visits.push({ household: number, expected: expectedClicks(relevance, clicking.look), clicks });
  }
  return visits;
}

function servedBy(
  policy: SelectedPolicy,
  { learner, terms, supportEpsilon }: ProductSettings,
  learned: Parameters<typeof learnPosterior>[0],
): ServedPolicy {
  const { posterior, observations } = learnPosterior(learned, learner);
  const { label, create } = policy;
  const { interactions } = terms;
  return { label, policy: create(posterior), observations, epsilon: supportEpsilon, interactions };
}

/** The rewards that feedback writes for a slate whose impressions and clicks the app reports. */
function rewardsOf(slate: Slate, { seen, clicked }: Looked, sequence: number): Reward[] {
  const { slateId, userId, servedAt, slots, featureNames, contextNames, context } = slate;
  return slots.map(({ itemId, features, propensity }, slot) => ({
    rewardId: `${slateId}/${slot}`,
    sequence: sequence + slot + 1,
    slateId,
    userId,
    itemId,
    slot,
    reward: clicked[slot] ? 1 : 0,
    actionType: clicked[slot] ? 'click' : null,
    delay: clicked[slot] ? 1_000 : null,
    features: [...features, ...context],
    featureNames: [...featureNames, ...contextNames],
    propensity,
    servedAt,
    exposure: seen[slot] ? 'seen' : 'unseen',
    outcomes: {},
    learner: '',
    slots: slots.length,
  }));
}
