import type { ExperimentsInForce } from '#contracts/domain/experiments.ts';
import type { ExplainedSlate } from '#contracts/domain/explained-slate.ts';
import type { SlateFilter } from '#contracts/domain/slate-filter.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';
import { askedPool } from './asked-lists.ts';
import type { ItemFacts } from './availability/item-facts.ts';
import type { OfferedItems } from './availability/offered-items.ts';
import { candidateSetOf, isSampled, loggableCandidates } from './candidate-log.ts';
import type { Candidates } from './candidates.ts';
import type { RerankConfig } from './config.ts';
import type { createContexts } from './context.ts';
import { servedArm } from './experiments/served-arm.ts';
import type { PolicyOfArm } from './experiments/served-policies.ts';
import { explainChoice } from './explain.ts';
import type { RerankMetrics } from './metrics.ts';
import { narrowCandidates } from './narrow-candidates.ts';
import type { PoolOfUser } from './pools/store.ts';
import type { PreparedCandidates } from './prepared-candidates.ts';
import type { AskedSlate } from './routes.ts';
import { applyRules, deniedBy, hasRules, type RuledCandidates } from './rules.ts';
import { composeSlate, type SlateRequest } from './slate.ts';
import { limitsOf } from './slate-limits.ts';

export interface ChooserOptions {
  readonly config: RerankConfig;
  readonly metrics: Pick<RerankMetrics, 'observations' | 'missingColumns' | 'slotsMissing'>;
  readonly contextOf: ReturnType<typeof createContexts>;
  readonly offered: OfferedItems;
  readonly facts: ItemFacts;
  readonly prepared: PreparedCandidates;
  readonly inForce: () => ExperimentsInForce;
  readonly policyOf: PolicyOfArm;
  /** Called once for a policy that orders by a column which candidates lack; each further slate is only counted. */
  readonly onMissingColumn: (policy: string, column: string) => void;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface SlateChooser {
  readonly choose: (user: PoolOfUser, asked: AskedSlate) => ExplainedSlate;
  /** The candidates of a slate that `choose` returned, if they are to be logged. */
  candidatesOf(slate: Slate): CandidateSet | undefined;
}

/** Chooses slates by the experiment in force, the rules and the filter of the request. */
export function createSlateChooser(options: ChooserOptions): SlateChooser {
  const { config, metrics, policyOf } = options;
  /** Policies whose missing column was reported. */
  const reported = new Set<string>();
  /** The candidates of slates that are not published yet. */
  const sampled = new WeakMap<Slate, CandidateSet>();
  return {
    choose(user, asked) {
      const now = options.now();
      const { policy, exposure: experiment, learner } = servedArm(options.inForce(), asked.userId);
      const served = policyOf(policy, learner);
      const isLogged = isSampled(asked.slateId, config.candidatesShare);
      const { candidates, ...rest } = whatMayBeShown(user, asked, { ...options, isLogged, at: now });
      const limits = limitsOf(candidates, asked.size, config, options.facts);
      const request: SlateRequest = { ...rest, candidates, limits, served, experiment, now };
      const slate = composeSlate(request);
      metrics.observations.set(slate.observations);
      metrics.slotsMissing.inc(asked.size - slate.slots.length);
      const missing = served.policy.missingIn(candidates.features);
      if (missing !== undefined) {
        metrics.missingColumns.inc({ policy: served.label });
        if (!reported.has(served.label)) options.onMissingColumn(served.label, missing);
        reported.add(served.label);
      }
      const answer = asked.explain
        ? { ...slate, explain: explainChoice(request, slate, unknownTerms(asked, options)) }
        : slate;
      if (isLogged)
        sampled.set(
          answer,
          candidateSetOf(slate, candidates, asked.size, served.rewardOffsets ?? [], limits),
        );
      return answer;
    },
    candidatesOf: (slate) => sampled.get(slate),
  };
}

/** The part of a request that does not depend on the policy: the candidates by the rules and the filter, and the context. */
function whatMayBeShown(
  { pool: read, shown }: PoolOfUser,
  asked: AskedSlate,
  {
    config,
    contextOf,
    offered,
    facts,
    prepared,
    isLogged,
    at: now,
  }: ChooserOptions & { readonly isLogged: boolean; readonly at: number },
): Omit<SlateRequest, 'served'> {
  const { slateId, userId, size, filter } = asked;
  const { rules, coldSlots, excludeRecent, denied } = config;
  const testOf = (entry: SlateFilter) => facts.testOf(entry);
  const isDenied = deniedBy(denied, testOf);
  const pool = askedPool(read, asked, now);
  const unfiltered = prepared.of(pool, now, shown);
  const allowed =
    isDenied === undefined ? unfiltered : narrowCandidates(unfiltered, (itemId) => !isDenied(itemId));
  const passing = filter === undefined ? allowed : narrowCandidates(allowed, facts.testOf(filter));
  const logged = <C extends Candidates>(given: C): C => (isLogged ? loggableCandidates(given) : given);
  const ruled: RuledCandidates | undefined = hasRules(rules)
    ? logged(
        applyRules(passing, {
          rules,
          now,
          mayShow: (itemId) =>
            offered.has(itemId) && !(excludeRecent && pool.recent.has(itemId)) && !isDenied?.(itemId),
          testOf,
        }),
      )
    : undefined;
  return {
    slateId,
    userId,
    size,
    pool,
    candidates: ruled ?? logged(passing),
    unfiltered,
    isDenied,
    context: contextOf({ ...asked, pool: read, now }),
    rules: ruled && { ruled, coldSlots },
    now,
  };
}

/** Categories and attributes of the filter and of the rules that no item has: they are often misspelt. */
function unknownTerms(
  { filter }: AskedSlate,
  { config: { denied, rules }, facts }: Pick<ChooserOptions, 'config' | 'facts'>,
): string[] {
  const ofRules = [...denied, ...rules.boosts.map((boost) => boost.filter)];
  const terms = [
    ...(filter === undefined ? [] : [filter]),
    ...ofRules.map((one) => ({ ...one, allCategories: [] })),
  ];
  return [...new Set(terms.flatMap((one) => facts.unknownIn(one)))];
}
