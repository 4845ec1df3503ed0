import { createHash } from 'node:crypto';
import { Attached } from '#algorithms/attached.ts';
import type { ProductColumn } from '#algorithms/bandit/choice.ts';
import { lawOfAllowed } from '#algorithms/bandit/law-by-slot.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import { chooseFrom, type LawOfSlates, lawOfAll, mixtureOf } from '#algorithms/bandit/slate-law.ts';
import type { SlateRules } from '#algorithms/bandit/slate-rules.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { Slate } from '#contracts/generated/records.ts';
import type { Candidates } from './candidates.ts';
import { interactionName, isScore } from './columns.ts';
import type { SlateContext } from './context.ts';
import { NO_CONTEXT } from './context.ts';
import type { PooledCandidate } from './features.ts';
import type { Policy } from './policies/policy.ts';
import type { Pool } from './pools/pool.ts';
import { type RuledCandidates, type SlateLimits, slateRulesOf } from './rules.ts';

/** A policy with the posterior of one moment. */
export interface ServedPolicy {
  /** Name and settings. */
  readonly label: string;
  readonly policy: Policy;
  /** Number of rewards in the posterior. */
  readonly observations: number;
  /** Digests of the settings and of the posterior; empty if they are not known. */
  readonly policyId?: string;
  readonly posteriorId?: string;
  /** By partition of rewards, the last offset in the posterior; none if they are not known. */
  readonly rewardOffsets?: readonly number[];
  /** Probability with which a slate is drawn from all candidates alike; default 0. */
  readonly epsilon?: number;
  /** Names of the context with which the scores of models interact; default none. */
  readonly interactions?: readonly string[];
  /** Experiment and arm whose rewards alone the posterior has of its experiment; empty for all rewards. */
  readonly learner?: string;
  /** From which explanations tell what each feature counts. */
  readonly posterior?: Posterior;
}

export interface SlateRequest {
  /** Seeds the random source too, so that the same request gives the same slate. */
  readonly slateId: string;
  readonly userId: string;
  /** Requested number of slots; a small pool fills fewer. */
  readonly size: number;
  readonly pool: Pool;
  readonly served: ServedPolicy;
  /** Experiment and arm; none outside an experiment. */
  readonly experiment?: string | null;
  /** Those of the pool that may be shown. */
  readonly candidates: Candidates;
  /** Those of before the filter of the request, for explanations; the same by default. */
  readonly unfiltered?: Candidates | undefined;
  /** Whether a rule keeps the item out of every slate, for explanations; by default none is. */
  readonly isDenied?: ((itemId: string) => boolean) | undefined;
  /** How much the items may be alike; by default as much as they are. */
  readonly limits?: SlateLimits | undefined;
  readonly context?: SlateContext;
  /** The candidates as the rules want them, instead of `candidates`; none by default. */
  readonly rules?: { readonly ruled: RuledCandidates; readonly coldSlots: number } | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Below this share of the slates, few samples are enough for the probabilities of slates for support: they count that little. */
const RARE = 0.1;
const FEW_SAMPLES = 4;

/** What each draw of the slate must obey; undefined if it is nothing. */
export function rulesOfSlate({ size, candidates, rules, limits }: SlateRequest): SlateRules | undefined {
  const ruled = rules?.ruled ?? { ...candidates, pinned: new Map() };
  return slateRulesOf(ruled, size, rules?.coldSlots ?? 0, limits);
}

/** The distribution over slates from which the policy chooses by the rules, support by all candidates alike included. */
export function lawOfSlate(
  request: SlateRequest,
  random: Random = createRandom(request.slateId),
): LawOfSlates {
  const { size, served, context = NO_CONTEXT } = request;
  const { candidates, features } = request.rules?.ruled ?? request.candidates;
  const { epsilon = 0, interactions = [] } = served;
  const products = productsOf(features.columns, context, interactions);
  const rules = rulesOfSlate(request);
  const law = served.policy.lawOf({ features: { ...features, products }, size, random, rules });
  if (epsilon === 0) return law;
  const all =
    rules === undefined
      ? lawOfAll(candidates.length, size)
      : lawOfAllowed(rules, size, random.fork('support'), epsilon < RARE ? FEW_SAMPLES : undefined);
  return mixtureOf(law, all, epsilon);
}

/** Chooses the slate of a user from the pool. */
export function composeSlate(request: SlateRequest): Slate {
  const { slateId, userId, pool, served, experiment = null, now, context = NO_CONTEXT } = request;
  const { candidates, features } = request.rules?.ruled ?? request.candidates;
  const { epsilon = 0, policyId = '', posteriorId = '', learner = '' } = served;
  const random = createRandom(slateId);
  const chosen = chooseFrom(lawOfSlate(request, random), random);
  const width = features.columns.length;
  return {
    slateId,
    userId,
    servedAt: now,
    policy: served.label,
    observations: served.observations,
    generation: pool.generation,
    interestsVersion: pool.interestsVersion,
    experiment,
    featureNames: features.columns,
    slots: Array.from(chosen.order, (row, slot) => ({
      itemId: candidates[row]!.itemId,
      models: candidates[row]!.models,
      because: candidates[row]!.because,
      features: Array.from(features.values.subarray(row * width, (row + 1) * width)),
      score: chosen.scores[slot]!,
      propensity: chosen.propensities[slot]!,
      explanation: candidates[row]!.explanation,
      conditional: chosen.conditionals[slot]!,
      inclusion: chosen.inclusions[slot]!,
    })),
    contextNames: context.names,
    context: context.values,
    policyId,
    posteriorId,
    seed: '',
    draws: chosen.draws,
    epsilon,
    propensity: chosen.probability,
    candidateCount: candidates.length,
    candidateDigest: digestOf(candidates),
    learner,
  };
}

/** The scores of models times the numbers of the context. */
export function productsOf(
  columns: readonly string[],
  { names, values }: SlateContext,
  interactions: readonly string[],
): ProductColumn[] {
  const products: ProductColumn[] = [];
  for (const [index, context] of names.entries()) {
    if (!interactions.includes(context)) continue;
    for (const [column, name] of columns.entries())
      if (isScore(name))
        products.push({ name: interactionName(name, context), column, factor: values[index]! });
  }
  return products;
}

const digests = new Attached<readonly PooledCandidate[], string>();

/** Sixteen digits of the ids of the candidates in their order, computed once for a table of candidates. */
function digestOf(candidates: readonly PooledCandidate[]): string {
  const known = digests.get(candidates);
  if (known !== undefined) return known;
  const text = JSON.stringify(candidates.map(({ itemId }) => itemId));
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  digests.set(candidates, digest);
  return digest;
}
