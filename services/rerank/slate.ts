import { createHash } from 'node:crypto';
import type { FeatureTable, ProductColumn } from '#algorithms/bandit/choice.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import {
  type AllowsRow,
  chooseFrom,
  type LawOfSlates,
  lawOfAll,
  mixtureOf,
} from '#algorithms/bandit/slate-law.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import type { Slate } from '#contracts/generated/records.ts';
import type { Candidates } from './candidates.ts';
import { interactionName, isScore } from './columns.ts';
import type { SlateContext } from './context.ts';
import { NO_CONTEXT } from './context.ts';
import type { PooledCandidate } from './features.ts';
import type { Policy } from './policies/policy.ts';
import type { Pool } from './pools/pool.ts';
import { lawByRules, type RuledCandidates } from './rules.ts';

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
  /** Which rows may stand in a slot; by default all may. */
  readonly allows?: AllowsRow | undefined;
  readonly context?: SlateContext;
  /** The candidates as the rules want them, instead of `candidates`; none by default. */
  readonly rules?: { readonly ruled: RuledCandidates; readonly coldSlots: number } | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The distribution over slates from which the policy chooses by the rules, support by all candidates alike included. */
export function lawOfSlate(
  request: SlateRequest,
  random: Random = createRandom(request.slateId),
): LawOfSlates {
  const { size, served, rules, allows, context = NO_CONTEXT } = request;
  const { candidates, features } = rules?.ruled ?? request.candidates;
  const { epsilon = 0, interactions = [] } = served;
  const products = productsOf(features.columns, context, interactions);
  const lawOf = (table: FeatureTable, slots: number): LawOfSlates =>
    served.policy.lawOf({ features: { ...table, products }, size: slots, random, allows });
  if (rules === undefined) {
    const all = lawOfAll(candidates.length, Math.min(size, candidates.length), allows);
    return mixtureOf(lawOf(features, size), all, epsilon);
  }
  const { ruled, coldSlots } = rules;
  return mixtureOf(
    lawByRules(ruled, size, coldSlots, (rows, slots) => lawOf(rowsOf(features, rows), slots)),
    lawByRules(ruled, size, coldSlots, (rows, slots) => lawOfAll(rows.length, slots)),
    epsilon,
  );
}

/** Chooses the slate of a user from the pool. */
export function composeSlate(request: SlateRequest): Slate {
  const { slateId, userId, pool, served, experiment = null, now, context = NO_CONTEXT } = request;
  const { candidates, features } = request.rules?.ruled ?? request.candidates;
  const { epsilon = 0, policyId = '', posteriorId = '' } = served;
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
  };
}

/** The table of some rows. */
function rowsOf({ columns, values }: FeatureTable, rows: Int32Array): FeatureTable {
  const width = columns.length;
  const some = new Float64Array(rows.length * width);
  for (const [place, row] of rows.entries())
    some.set(values.subarray(row * width, (row + 1) * width), place * width);
  return { columns, values: some };
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

const digests = new WeakMap<readonly PooledCandidate[], string>();

/** Sixteen digits of the ids of the candidates in their order, computed once for a table of candidates. */
function digestOf(candidates: readonly PooledCandidate[]): string {
  const known = digests.get(candidates);
  if (known !== undefined) return known;
  const text = JSON.stringify(candidates.map(({ itemId }) => itemId));
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 16);
  digests.set(candidates, digest);
  return digest;
}
