import {
  counter,
  gauge,
  histogram,
  type MetricsOf,
  registerMetrics,
} from '#platform/observability/declared-metrics.ts';
import type { StageMetrics } from '#platform/observability/metrics.ts';

export const METRICS = {
  items: gauge('tributary_index_items', {
    help: 'Items that can be found in the served generation',
  }),
  duplicates: gauge('tributary_index_duplicates', {
    help: 'Items of the served generation left out as copies or near-duplicates of one that can be found',
  }),
  recall: gauge('tributary_index_recall_ratio', {
    help: 'Recall at 10 of the graph measured last, against exact search; 1 where searches are exact',
  }),
  efSearch: gauge('tributary_index_ef_search', {
    help: 'Candidates that searches of the graph built last keep to reach its recall',
  }),
  buildSeconds: gauge('tributary_index_build_seconds', {
    help: 'Time that building the last graph took beside the searches',
  }),
  restored: counter('tributary_index_restored_total', {
    help: 'Graphs that were read from a snapshot instead of built',
  }),
  flips: counter('tributary_index_flips_total', {
    help: 'Times that another generation began to serve',
  }),
  refusedGenerations: counter('tributary_index_refused_generations_total', {
    help: 'Generations that were built and did not take over, because their recall is too low',
  }),
  refusedVectors: counter('tributary_index_refused_vectors_total', {
    help: 'Embeddings skipped, by reason: invalid, zero, rejected-generation',
    labels: ['reason'],
  }),
  searchSeconds: histogram('tributary_index_search_seconds', {
    help: 'Time to answer one batch of searches',
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
  }),
} as const;

export type IndexMetrics = MetricsOf<typeof METRICS>;

export function createIndexMetrics({ registry }: StageMetrics): IndexMetrics {
  return registerMetrics(METRICS, registry);
}
