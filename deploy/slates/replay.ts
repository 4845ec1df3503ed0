import { rowKinds } from '#algorithms/bandit/slate-rules.ts';
import { decodeFeatures } from '#contracts/domain/candidate-sets.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';
import type { Candidates } from '../../services/rerank/candidates.ts';
import type { RerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { mostOfKind } from '../../services/rerank/kinds.ts';
import type { HeldPosterior } from '../../services/rerank/learning/posterior.ts';
import { hasRules, pinnedRows } from '../../services/rerank/rules.ts';
import { composeSlate, type ServedPolicy, type SlateRequest } from '../../services/rerank/slate.ts';

/** What a replay shows, or why the slate cannot be made again. */
export type Replay =
  | { readonly slate: Slate; readonly differences: readonly string[] }
  | { readonly reason: string };

/** The candidates of a set as a policy and the rules see them; what only an answer tells is left out. */
export function candidatesOf(set: CandidateSet): Candidates {
  const values = decodeFeatures(set);
  const column = set.featureNames.indexOf('popularity');
  const popularityOf = (row: number) => (column < 0 ? 0 : values[row * set.featureNames.length + column]!);
  return {
    candidates: set.itemIds.map((itemId, row) => ({
      itemId,
      models: [],
      because: null,
      explanation: '',
      popularity: popularityOf(row),
    })),
    features: { columns: set.featureNames, values },
  };
}

/** The request that led to a logged slate, for the policy with its posterior, under the rules that are set. */
export function loggedRequest(
  slate: Slate,
  set: CandidateSet,
  served: ServedPolicy,
  { rules, ofOneKind, leastNovelty }: Pick<RerankConfig, 'rules' | 'ofOneKind' | 'leastNovelty'>,
): SlateRequest {
  const candidates = candidatesOf(set);
  const ruled = { ...candidates, pinned: pinnedRows(rules.pins, set.itemIds), boosted: new Set<number>() };
  const { slateId, userId, servedAt, experiment, contextNames, context, generation, interestsVersion } =
    slate;
  const pool = {
    proposals: [],
    generation,
    interestsVersion,
    recent: new Set<string>(),
    lastReceivedAt: null,
  };
  return {
    slateId,
    userId,
    size: set.size,
    pool,
    served,
    experiment,
    candidates,
    limits: {
      ...(set.kinds.length > 0 && {
        kinds: rowKinds(set.kinds.length, (row) => (set.kinds[row]! < 0 ? undefined : set.kinds[row])),
        mostOfKind: mostOfKind(ofOneKind, set.size),
      }),
      ...(set.terms.length > 0 && { terms: set.terms, leastNovelty }),
    },
    rules: hasRules(rules) ? { ruled, coldSlots: rules.coldSlots } : undefined,
    context: { names: contextNames, values: context },
    now: servedAt,
  };
}

/**
 * Makes a logged slate again, from its candidates and the posterior of its time, and compares it to the bit.
 * @param config with which rerank chose; its digest is compared with that of the slate
 */
export function replaySlate(
  slate: Slate,
  set: CandidateSet,
  posterior: HeldPosterior,
  config: RerankConfig,
): Replay {
  const policy = selectArmPolicy(slate.policy, config);
  if ('reason' in policy) return { reason: policy.reason };
  const policyId = policy.idWith(config.deciding);
  if (policyId !== slate.policyId)
    return {
      reason: `its policy has the digest ${slate.policyId}, and the settings here ${policyId}: set them as rerank had them`,
    };
  if (posterior.id !== slate.posteriorId)
    return {
      reason: `its posterior is ${slate.posteriorId}, and the offsets of its candidates are those of ${posterior.id}`,
    };
  if (posterior.observations !== slate.observations)
    return {
      reason: `its posterior had ${slate.observations} rewards, and the log gives ${posterior.observations}: rewards have left it`,
    };
  const again = composeSlate(
    loggedRequest(
      slate,
      set,
      {
        label: policy.label,
        policy: policy.create(posterior.posterior),
        observations: posterior.observations,
        policyId,
        posteriorId: posterior.id,
        epsilon: slate.epsilon,
        interactions: config.terms.interactions,
        learner: slate.learner,
      },
      config,
    ),
  );
  return { slate: again, differences: differencesOf(slate, again) };
}

/** Everything that the choice determines; titles and reasons of items are not part of it. */
function differencesOf(logged: Slate, again: Slate): string[] {
  const differences: string[] = [];
  const compare = (field: string, a: unknown, b: unknown) => {
    if (!Object.is(a, b)) differences.push(`${field} was ${a} and is ${b}`);
  };
  compare('slots', logged.slots.length, again.slots.length);
  for (const [index, slot] of logged.slots.entries()) {
    const other = again.slots[index];
    if (other === undefined) continue;
    for (const field of ['itemId', 'score', 'propensity', 'conditional', 'inclusion'] as const)
      compare(`slots[${index}].${field}`, slot[field], other[field]);
    for (const [column, value] of slot.features.entries())
      compare(`slots[${index}].features[${column}]`, value, other.features[column]);
  }
  for (const field of ['propensity', 'draws', 'candidateCount', 'candidateDigest'] as const)
    compare(field, logged[field], again[field]);
  return differences;
}
