import { SEQUENCE_NETWORKS } from '#algorithms/sequence/network.ts';
import { type ConfigOf, choice, list, number, readConfig, type Setting, text } from '#platform/config.ts';
import { ACTION_WEIGHTS } from '#stages/settings.ts';
import manifest from '../../package.json' with { type: 'json' };
import { COMBINER_HORIZONS } from './trainers/combiner-choices.ts';
import { COMPANION_NAMES } from './trainers/registry.ts';
import { DEFAULT_TRAIN_CONFIG } from './training/train-config.ts';

export const SETTINGS = {
  intervalMs: number('TRIBUTARY_RETRAIN_INTERVAL_MS', {
    fallback: 6 * 3_600_000,
    minimum: 0,
    // The longest delay of a timer; a longer one would fire at once.
    maximum: 2 ** 31 - 1,
    integer: true,
    unit: 'ms',
    summary: 'time from the start of one retraining to the next, across restarts; 0 retrains only on demand',
  }),
  leaseMs: number('TRIBUTARY_RETRAIN_LEASE_MS', {
    fallback: 60_000,
    minimum: 1_000,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary:
      'time without a sign of life after which the training of a different process counts as interrupted; a training gives five signs in it',
  }),
  days: number('TRIBUTARY_RETRAIN_DAYS', {
    fallback: 365,
    minimum: 1,
    maximum: 36_500,
    unit: 'days',
    summary: 'event time, back from the newest action, whose actions are trained on',
  }),
  itemsMaximum: number('TRIBUTARY_RETRAIN_ITEMS_MAXIMUM', {
    fallback: 50_000,
    minimum: 1,
    maximum: 10_000_000,
    integer: true,
    unit: 'items',
    summary:
      'most items that are trained, those with the most actions first; the others are embedded from their content',
  }),
  secondsBudget: number('TRIBUTARY_RETRAIN_SECONDS', {
    fallback: DEFAULT_TRAIN_CONFIG.secondsBudget,
    minimum: 1,
    maximum: 86_400,
    unit: 'seconds',
    summary: 'longest time of the optimisation; walks and inference come on top',
  }),
  generationsKept: number('TRIBUTARY_GENERATIONS_KEPT', {
    fallback: 2,
    minimum: 1,
    maximum: 100,
    integer: true,
    unit: 'generations',
    summary: 'past generations whose embeddings and weights stay in the log, to roll back to',
  }),
  halfLifeDays: number('TRIBUTARY_RETRAIN_HALF_LIFE_DAYS', {
    fallback: 0,
    minimum: 0,
    maximum: 36_500,
    unit: 'days',
    summary: 'event time in which an action loses half its weight in the graph; 0 keeps all weights',
  }),
  walkThreads: number('TRIBUTARY_RETRAIN_WALK_THREADS', {
    fallback: 2,
    minimum: 1,
    maximum: 64,
    integer: true,
    unit: 'threads',
    summary: 'threads that walk the graph for a retraining; the outcome does not depend on their number',
  }),
  seed: number('TRIBUTARY_RETRAIN_SEED', {
    fallback: 1,
    minimum: 0,
    maximum: 2 ** 31,
    integer: true,
    summary: 'seed of the walks, the initial weights and the batches',
  }),
  inferenceWorkers: inferenceWorkers('TRIBUTARY_INFERENCE_WORKERS', {
    fallback: 0,
    summary:
      'processes that embed a generation over the log: 0 embeds it in the memory of the training process, external means workers that run elsewhere',
  }),
  inferencePatienceMs: number('TRIBUTARY_INFERENCE_PATIENCE_MS', {
    fallback: 60_000,
    minimum: 1_000,
    maximum: 3_600_000,
    integer: true,
    unit: 'ms',
    summary: 'time without a message from any worker after which the generation is rejected',
  }),
  warmStart: choice('TRIBUTARY_RETRAIN_WARM_START', ['true', 'false'], {
    fallback: 'true',
    summary:
      'whether a retraining begins with the weights of the active generation where it can, or always from scratch',
  }),
  hardNegatives: choice('TRIBUTARY_RETRAIN_HARD_NEGATIVES', ['true', 'strict', 'false'], {
    fallback: 'true',
    summary:
      'whether PinSage learns from hard negatives. Where fewer than nine of ten queries reach enough of them, as in a log whose contexts hold one item each, a training goes without them and warns; a strict one fails',
  }),
  companions: companions('TRIBUTARY_RETRAIN_MODELS', {
    fallback: ['places', 'combiner'],
    summary: 'models that are trained and released with each generation, beside PinSage and behaviour',
  }),
  sequenceNetwork: choice('TRIBUTARY_RETRAIN_SEQUENCE_NETWORK', SEQUENCE_NETWORKS, {
    fallback: 'gru',
    summary: 'network of the model sequence: a gated recurrent unit, or a block of causal self-attention',
  }),
  combinerHorizon: choice('TRIBUTARY_RETRAIN_COMBINER_HORIZON', COMBINER_HORIZONS, {
    fallback: 'next',
    summary:
      'what the combiner learns to foresee: the new items of a user in the next context, or those of the months that follow, for lists that are made once and kept',
  }),
  actionWeights: ACTION_WEIGHTS,
  codeVersion: text('TRIBUTARY_CODE_VERSION', {
    fallback: manifest.version,
    summary: 'version of the code that model cards name, such as a commit',
  }),
} as const;

/** Number of processes that the stage starts for an inference: none for 0, which infers in memory, and none for `external`. */
export type InferenceWorkers = number | 'external';

/** A whole number, or the word external. */
function inferenceWorkers(
  variable: string,
  options: { readonly fallback: number; readonly summary: string },
): Setting<InferenceWorkers> {
  const counted = number(variable, {
    ...options,
    minimum: 0,
    maximum: 256,
    integer: true,
    unit: 'processes',
  });
  return {
    ...counted,
    accepts: `${counted.accepts}, or external`,
    parse: (given) => (given.trim() === 'external' ? 'external' : counted.parse(given)),
  };
}

/** Names among those of the registry, or the word none. */
function companions(
  variable: string,
  options: { readonly fallback: readonly string[]; readonly summary: string },
): Setting<readonly string[]> {
  const names = list(variable, options);
  return {
    ...names,
    accepts: `a comma-separated list of models among ${COMPANION_NAMES.join(', ')}, or none`,
    parse(given) {
      if (given.trim() === 'none') return [];
      const chosen = names.parse(given);
      return chosen?.every((name) => COMPANION_NAMES.includes(name)) ? chosen : undefined;
    },
  };
}

export type RetrainConfig = ConfigOf<typeof SETTINGS>;

export function readRetrainConfig(): RetrainConfig {
  return readConfig(SETTINGS, process.env);
}
