import { choice, list, number, readConfig, type Setting, text } from '#platform/config.ts';
import { CONTEXT_PREFIX } from './columns.ts';
import { isContextName, isNameInRequest, isZone } from './context.ts';
import type { LearningTerms } from './learning/rewards.ts';
import { POLICIES } from './policies/registry.ts';
import { POLICY_SETTINGS, selectPolicy } from './policies/select.ts';
import { boosts, denials, pins } from './rules.ts';

/** A text that names a time zone. */
function zone(variable: string, options: { fallback: string; summary: string }): Setting<string> {
  return {
    ...text(variable, options),
    accepts: 'a time zone such as Europe/Berlin',
    parse: (value) => (isZone(value.trim()) ? value.trim() : undefined),
  };
}

/** A list of names that requests can have. */
function names(
  variable: string,
  {
    accepts,
    isName,
    ...options
  }: {
    fallback: readonly string[];
    summary: string;
    accepts: string;
    isName: (name: string) => boolean;
  },
): Setting<readonly string[]> {
  const any = list(variable, options);
  return {
    ...any,
    accepts: `a comma-separated list of ${accepts}`,
    parse(value) {
      const parsed = any.parse(value);
      return parsed?.every(isName) ? parsed : undefined;
    },
  };
}

const IN_REQUESTS = {
  accepts: 'names of lower-case letters, digits and hyphens that begin with a letter',
  isName: isNameInRequest,
};

const STAGE_SETTINGS = {
  policy: choice(
    'TRIBUTARY_RERANK_POLICY',
    POLICIES.map(({ name }) => name),
    { fallback: 'thompson', summary: 'the bandit policy that chooses slates' },
  ),
  excludeRecent: choice('TRIBUTARY_RERANK_EXCLUDE_RECENT', ['true', 'false'], {
    fallback: 'true',
    summary: 'whether a slate leaves out the items on which the user acted recently',
  }),
  listsForAll: choice('TRIBUTARY_RERANK_LISTS_FOR_ALL', ['less', 'equal'], {
    fallback: 'less',
    summary:
      'how much lists that are the same for everybody count beside the own lists of a user, and other lists beside that of the combiner, until rewards decide it',
  }),
  ofOneKind: number('TRIBUTARY_RERANK_OF_ONE_KIND', {
    fallback: 2,
    minimum: 0,
    maximum: 10,
    integer: true,
    unit: 'items',
    summary:
      'most items of one path of categories in each ten slots of a slate, as far as others fill the slate; 0 for no limit',
  }),
  leastNovelty: number('TRIBUTARY_RERANK_LEAST_NOVELTY', {
    fallback: 0,
    minimum: 0,
    maximum: 1,
    summary:
      'how much an item must differ from each one of the slate, as far as others fill it: 1 minus the share of common categories and attributes in all of both; 0 for no limit',
  }),
  refreshMs: number('TRIBUTARY_RERANK_REFRESH_MS', {
    fallback: 500,
    minimum: 10,
    maximum: 600_000,
    integer: true,
    unit: 'ms',
    summary:
      'time between two looks whether rewards were learned; if so, the statistics of all partitions are read, and the posterior is computed',
  }),
  priorDeviation: number('TRIBUTARY_RERANK_PRIOR_DEVIATION', {
    fallback: 0.02,
    minimum: 1e-6,
    maximum: 10,
    summary: 'standard deviation of each weight before any reward; a larger one explores more',
  }),
  noiseVariance: number('TRIBUTARY_RERANK_NOISE_VARIANCE', {
    fallback: 0.04,
    minimum: 1e-6,
    maximum: 10,
    summary:
      'how much less a reward tells than the logistic likelihood of its rate says, in squares of a unit of the score; a larger one learns more slowly',
  }),
  halfLifeDays: number('TRIBUTARY_RERANK_HALF_LIFE_DAYS', {
    fallback: 7,
    minimum: 0.01,
    maximum: 7,
    unit: 'days',
    summary:
      'event time after which a reward counts half; after three to four times as long it is forgotten, before it leaves the log',
  }),
  interactions: names('TRIBUTARY_RERANK_INTERACTIONS', {
    accepts: 'history, idle, weekend, night, morning, evening, surface-NAME, device-NAME and context-NAME',
    isName: isContextName,
    fallback: ['history', 'idle'],
    summary: 'numbers of the context by which the scores of models may count more or less',
  }),
  surfaces: names('TRIBUTARY_RERANK_SURFACES', {
    ...IN_REQUESTS,
    fallback: ['home', 'item', 'basket', 'search'],
    summary: 'surfaces that are told apart; all others are one',
  }),
  contexts: names('TRIBUTARY_RERANK_CONTEXTS', {
    ...IN_REQUESTS,
    fallback: [],
    summary:
      'names that the app gives as the context of a request, such as rain, which are told apart; all others are one',
  }),
  timeZone: zone('TRIBUTARY_RERANK_TIME_ZONE', {
    fallback: 'UTC',
    summary: 'time zone of the app, by which hour and weekday are told',
  }),
  supportEpsilon: number('TRIBUTARY_RERANK_SUPPORT', {
    fallback: 0.01,
    minimum: 0,
    maximum: 1,
    summary:
      'probability with which a slate is drawn from all candidates alike, whatever the policy, so that other policies can be judged by the log',
  }),
  priceAttribute: text('TRIBUTARY_RERANK_PRICE_ATTRIBUTE', {
    fallback: 'price',
    summary: 'attribute of items with their price, a number such as 12.50, which is a feature',
  }),
  sinceAttribute: text('TRIBUTARY_RERANK_SINCE_ATTRIBUTE', {
    fallback: 'since',
    summary:
      'attribute of items with the time since when they exist, such as 2026-12-24T00:00:00Z, which is a feature; an item without it is as old as its last change',
  }),
  pins: pins('TRIBUTARY_RERANK_PINS', {
    summary: 'items that stand in a slot of every slate for which they may be shown, 0 on top',
  }),
  boosts: boosts('TRIBUTARY_RERANK_BOOSTS', {
    summary: 'what is added to the score of the items of a category or with an attribute, until a time',
  }),
  denied: denials('TRIBUTARY_RERANK_DENY', {
    summary: 'items of a category or with an attribute that no slate shows, pinned ones included',
  }),
  coldSlots: number('TRIBUTARY_RERANK_COLD_SLOTS', {
    fallback: 0,
    minimum: 0,
    maximum: 50,
    integer: true,
    unit: 'slots',
    summary: 'slots at the end of each slate that are kept for proposed items without popularity',
  }),
  maxSlates: number('TRIBUTARY_RERANK_MAX_SLATES', {
    fallback: 500,
    minimum: 1,
    maximum: 100_000,
    integer: true,
    unit: 'slates',
    summary: 'most requests for slates under way; further ones are answered with 503 at once',
  }),
  timeoutMs: number('TRIBUTARY_RERANK_TIMEOUT_MS', {
    fallback: 10_000,
    minimum: 10,
    maximum: 60_000,
    integer: true,
    unit: 'ms',
    summary:
      'longest time that a slate may take; a shorter one that its caller names in x-tributary-deadline-ms holds instead',
  }),
  answered: choice('TRIBUTARY_RERANK_ANSWERED', ['logged', 'chosen'], {
    fallback: 'logged',
    summary:
      'when a request for a slate is answered: once the log has the slate; or once it is chosen, which is sooner and needs no Kafka, but nothing is learned from slates that a crash or an outage of Kafka then keeps out of the log',
  }),
  candidatesShare: number('TRIBUTARY_RERANK_CANDIDATES_SHARE', {
    fallback: 0.01,
    minimum: 0,
    maximum: 1,
    summary:
      'share of the slates whose candidates are all logged, so that they can be replayed and other policies judged by them',
  }),
  poolDays: number('TRIBUTARY_RERANK_POOL_DAYS', {
    fallback: 90,
    minimum: 1,
    maximum: 3_650,
    unit: 'days',
    summary: 'time that the candidate pool of a user is kept after its newest proposal',
  }),
  cachedCandidates: number('TRIBUTARY_RERANK_CACHED_CANDIDATES', {
    fallback: 300_000,
    minimum: 0,
    maximum: 100_000_000,
    integer: true,
    unit: 'candidates',
    summary:
      'candidates of pools that stay in memory with their features, at about 0.5 KB each; those of the pools used last are kept',
  }),
  sharedForMs: number('TRIBUTARY_RERANK_SHARED_LISTS_MS', {
    fallback: 5_000,
    minimum: 0,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary:
      'time for which a process uses the lists for everyone before it reads them again; a pool stays prepared as long as they are the same',
  }),
} as const;

/** The settings of the stage and of all its policies. */
export const SETTINGS = { ...STAGE_SETTINGS, ...POLICY_SETTINGS };

/** How rewards become statistics. */
export function termsOf({
  halfLifeDays,
  interactions,
}: {
  readonly halfLifeDays: number;
  readonly interactions: readonly string[];
}): LearningTerms {
  return {
    halfLifeMs: halfLifeDays * 86_400_000,
    interactions: interactions.map((name) => `${CONTEXT_PREFIX}${name}`),
  };
}

/** The settings of this stage, in the units of their summaries, and the policy that they select. */
export function readRerankConfig() {
  const values = readConfig(SETTINGS, process.env);
  return {
    ...values,
    excludeRecent: values.excludeRecent === 'true',
    areListsEqual: values.listsForAll === 'equal',
    policy: selectPolicy(values.policy, values),
    /** What decides a choice beside the settings of the policy. */
    deciding: {
      supportEpsilon: values.supportEpsilon,
      interactions: values.interactions,
      excludeRecent: values.excludeRecent,
      ofOneKind: values.ofOneKind,
      leastNovelty: values.leastNovelty,
      pins: values.pins,
      boosts: values.boosts,
      coldSlots: values.coldSlots,
      // Left out if it is empty, so that the ids of policies from before it stay.
      ...(values.denied.length > 0 && { denied: values.denied }),
      listsForAll: values.listsForAll,
      priorDeviation: values.priorDeviation,
      noiseVariance: values.noiseVariance,
      halfLifeDays: values.halfLifeDays,
    },
    terms: termsOf(values),
    rules: { pins: values.pins, boosts: values.boosts, coldSlots: values.coldSlots },
  };
}

/** The settings of the stage as it reads them. */
export type RerankConfig = ReturnType<typeof readRerankConfig>;
