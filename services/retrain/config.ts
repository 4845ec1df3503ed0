import { DEFAULT_ACTION_WEIGHTS } from '#contracts/domain/action-types.ts';
import { type ConfigOf, choice, number, readConfig, type Setting, text, weights } from '#platform/config.ts';
import manifest from '../../package.json' with { type: 'json' };
import { DEFAULT_TRAIN_CONFIG } from './training/train-config.ts';

const SETTINGS = {
  intervalMs: number('TRIBUTARY_RETRAIN_INTERVAL_MS', {
    fallback: 6 * 3_600_000,
    minimum: 0,
    // What a timer can wait; a longer one would go off at once.
    maximum: 2 ** 31 - 1,
    integer: true,
    summary: 'milliseconds between two retrainings; 0 retrains only on demand',
  }),
  days: number('TRIBUTARY_RETRAIN_DAYS', {
    fallback: 365,
    minimum: 1,
    maximum: 36_500,
    summary: 'days of event time, back from the newest action, that are trained on',
  }),
  itemsMaximum: number('TRIBUTARY_RETRAIN_ITEMS_MAXIMUM', {
    fallback: 50_000,
    minimum: 1,
    maximum: 10_000_000,
    integer: true,
    summary:
      'items that are trained at most, those with the most actions first; the others are embedded from their content',
  }),
  secondsBudget: number('TRIBUTARY_RETRAIN_SECONDS', {
    fallback: DEFAULT_TRAIN_CONFIG.secondsBudget,
    minimum: 1,
    maximum: 86_400,
    summary: 'seconds that the optimisation may take; walks and inference come on top',
  }),
  generationsKept: number('TRIBUTARY_GENERATIONS_KEPT', {
    fallback: 2,
    minimum: 1,
    maximum: 100,
    integer: true,
    summary: 'past generations whose embeddings and weights stay in the log, to roll back to',
  }),
  halfLifeDays: number('TRIBUTARY_RETRAIN_HALF_LIFE_DAYS', {
    fallback: 0,
    minimum: 0,
    maximum: 36_500,
    summary: 'days in which an action loses half its weight in the graph of walks; 0 for never',
  }),
  walkThreads: number('TRIBUTARY_RETRAIN_WALK_THREADS', {
    fallback: 2,
    minimum: 1,
    maximum: 64,
    integer: true,
    summary: 'threads that walk the graph for a retraining; the outcome does not depend on it',
  }),
  seed: number('TRIBUTARY_RETRAIN_SEED', {
    fallback: 1,
    minimum: 0,
    maximum: 2 ** 31,
    integer: true,
    summary: 'seed of walks, initial weights and batches',
  }),
  inferenceWorkers: inferenceWorkers('TRIBUTARY_INFERENCE_WORKERS', {
    fallback: 0,
    summary:
      'processes that embed a generation: 0 does it in the training process, external leaves it to workers run elsewhere',
  }),
  inferencePatienceMs: number('TRIBUTARY_INFERENCE_PATIENCE_MS', {
    fallback: 60_000,
    minimum: 1_000,
    maximum: 3_600_000,
    integer: true,
    summary: 'milliseconds without any word of a worker after which the inference of a generation fails',
  }),
  warmStart: choice('TRIBUTARY_RETRAIN_WARM_START', ['true', 'false'], {
    fallback: 'true',
    summary: 'whether a retraining begins with the weights of the active generation where it can',
  }),
  actionWeights: weights('TRIBUTARY_ACTION_WEIGHTS', DEFAULT_ACTION_WEIGHTS, {
    summary: 'weight of each type of action; those above 0 make edges',
  }),
  codeVersion: text('TRIBUTARY_CODE_VERSION', {
    fallback: manifest.version,
    summary: 'version of the code that model cards name; a commit, say',
  }),
} as const;

/** How many processes the stage starts for an inference; external: none, they run elsewhere. */
export type InferenceWorkers = number | 'external';

/** A whole number, or the word external. */
function inferenceWorkers(
  variable: string,
  { fallback, summary }: { fallback: InferenceWorkers; summary: string },
): Setting<InferenceWorkers> {
  const counted = number(variable, { minimum: 0, maximum: 256, integer: true, summary });
  return {
    variable,
    fallback,
    summary,
    parse(given) {
      if (given.trim() === 'external') return 'external';
      try {
        return counted.parse(given);
      } catch (error) {
        throw new Error(`${(error as Error).message}, or external`);
      }
    },
  };
}

export type RetrainConfig = ConfigOf<typeof SETTINGS>;

export function readRetrainConfig(): RetrainConfig {
  return readConfig(SETTINGS, process.env);
}
