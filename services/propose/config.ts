import { type ConfigOf, list, number, readConfig, type Setting, type Settings } from '#platform/config.ts';
import { ACTION_WEIGHTS, DUPLICATE_COSINE, INDEX_URLS } from '#stages/settings.ts';
import type { Proposer } from './proposers/proposer.ts';
import { PROPOSERS } from './proposers/registry.ts';

const STAGE_SETTINGS = {
  candidates: number('TRIBUTARY_CANDIDATES', {
    fallback: 100,
    minimum: 1,
    maximum: 1_000,
    integer: true,
    unit: 'candidates',
    summary: 'most candidates in a list of proposals',
  }),
  timeoutMs: number('TRIBUTARY_PROPOSER_TIMEOUT_MS', {
    fallback: 10_000,
    minimum: 10,
    maximum: 600_000,
    integer: true,
    unit: 'ms',
    summary:
      'time limit of a model: for the interests of up to 256 users beside other models, else for a call with up to 32',
  }),
  waitingUsers: number('TRIBUTARY_PROPOSER_WAITING_USERS', {
    fallback: 10_000,
    minimum: 0,
    maximum: 1_000_000,
    integer: true,
    unit: 'users',
    summary: 'most users who wait in memory for a failing model; the longest waiting are dropped first',
  }),
  indexUrls: INDEX_URLS,
  duplicateCosine: DUPLICATE_COSINE,
  priorHalfLifeDays: number('TRIBUTARY_PRIOR_HALF_LIFE_DAYS', {
    fallback: 60,
    minimum: 0.01,
    maximum: 3_650,
    unit: 'days',
    summary:
      'event time in which a user who does not take an item again counts half among its takers, which are the prior of models that rank by similarity',
  }),
  halfLifeDays: number('TRIBUTARY_TRENDING_HALF_LIFE_DAYS', {
    fallback: 7,
    minimum: 0.01,
    maximum: 3_650,
    unit: 'days',
    summary: 'event time in which an action loses half its weight in the list of trending items',
  }),
  seenMib: number('TRIBUTARY_TRENDING_SEEN_MIB', {
    fallback: 64,
    minimum: 1,
    maximum: 65_536,
    unit: 'MiB',
    summary:
      'memory of the filters by which a user counts once a day for an item; 64 suffice for 750,000 different pairs a day, and beyond that a share of the actions of all users is not counted',
  }),
  sessions: number('TRIBUTARY_SESSIONS', {
    fallback: 120_000,
    minimum: 100,
    maximum: 100_000_000,
    integer: true,
    unit: 'sessions',
    summary: 'latest sessions of all users that the session models remember, about 300 bytes each',
  }),
  sessionsOfItem: number('TRIBUTARY_SESSIONS_OF_ITEM', {
    fallback: 600,
    minimum: 10,
    maximum: 1_000_000,
    integer: true,
    unit: 'sessions',
    summary: 'latest sessions with the same item that the session models remember',
  }),
  sessionGapMinutes: number('TRIBUTARY_SESSION_GAP_MINUTES', {
    fallback: 30,
    minimum: 0.1,
    maximum: 100_000,
    unit: 'minutes',
    summary: 'time without an action after which a session ends, where actions carry no context',
  }),
  actionWeights: ACTION_WEIGHTS,
} as const;

/** The settings of the stage and of all its models; those of the models by their variables. */
export const SETTINGS = declareSettings(PROPOSERS);

export interface ProposeConfig extends ConfigOf<typeof STAGE_SETTINGS> {
  /** The models that this process runs, in the order of the registry. */
  readonly proposers: readonly Proposer[];
  /**
   * Consumer group after the name of the stage: empty for a process that runs every model, else the names of its models, so that
   * these read `interests` at their own pace.
   */
  readonly group: string;
  /** The settings of a model. */
  settingsOf<S extends Settings>(proposer: Proposer<S>): ConfigOf<S>;
}

/**
 * @param registry the models to choose from; a test brings its own
 * @throws TributaryError `config.invalid` that lists the faults of the stage's settings and of every model's
 */
export function readProposeConfig(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  registry: readonly Proposer[] = PROPOSERS,
): ProposeConfig {
  const { proposers: chosen, ...config } = readConfig(declareSettings(registry), environment);
  const proposers = registry.filter(({ name }) => chosen.includes(name));
  return {
    ...config,
    proposers,
    group:
      proposers.every(({ byDefault }) => byDefault) && proposers.length === ofDefault(registry).length
        ? ''
        : proposers.map(({ name }) => name).join('+'),
    settingsOf: (proposer) => readConfig(proposer.settings, environment),
  };
}

function declareSettings(registry: readonly Proposer[]) {
  const own: Settings = Object.fromEntries(
    registry.flatMap(({ settings }) =>
      Object.values(settings).map((setting) => [setting.variable, setting] as const),
    ),
  );
  return { proposers: chosenNames(registry), ...STAGE_SETTINGS, ...own };
}

/** The models that run unless the settings choose others. */
function ofDefault(registry: readonly Proposer[]): readonly Proposer[] {
  return registry.filter(({ byDefault }) => byDefault);
}

function chosenNames(registry: readonly Proposer[]): Setting<readonly string[]> {
  const registered = registry.map(({ name }) => name);
  const names = list('TRIBUTARY_PROPOSERS', {
    fallback: ofDefault(registry).map(({ name }) => name),
    summary: 'proposal models that this process runs',
  });
  return {
    ...names,
    accepts: `a comma-separated list of models among ${registered.join(', ')}`,
    parse(text) {
      const chosen = names.parse(text);
      return chosen?.every((name) => registered.includes(name)) ? chosen : undefined;
    },
  };
}
