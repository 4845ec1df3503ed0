import { DEFAULT_ACTION_WEIGHTS } from '#algorithms/pinnersage/action-weights.ts';
import { type ConfigOf, number, readConfig, text, weights } from '#platform/config.ts';
import manifest from '../../package.json' with { type: 'json' };

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
    fallback: 25,
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
  seed: number('TRIBUTARY_RETRAIN_SEED', {
    fallback: 1,
    minimum: 0,
    maximum: 2 ** 31,
    integer: true,
    summary: 'seed of walks, initial weights and batches',
  }),
  actionWeights: weights<keyof typeof DEFAULT_ACTION_WEIGHTS>(
    'TRIBUTARY_ACTION_WEIGHTS',
    DEFAULT_ACTION_WEIGHTS,
    {
      summary: 'weight of each type of action; those above 0 make edges',
    },
  ),
  codeVersion: text('TRIBUTARY_CODE_VERSION', {
    fallback: manifest.version,
    summary: 'version of the code that model cards name; a commit, say',
  }),
} as const;

export type RetrainConfig = ConfigOf<typeof SETTINGS>;

export function readRetrainConfig(): RetrainConfig {
  return readConfig(SETTINGS, process.env);
}
