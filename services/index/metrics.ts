import { Counter, Gauge, Histogram } from 'prom-client';
import type { StageMetrics } from '#platform/observability/metrics.ts';

export interface IndexMetrics {
  readonly items: Gauge;
  readonly duplicates: Gauge;
  readonly recall: Gauge;
  readonly efSearch: Gauge;
  readonly buildSeconds: Gauge;
  readonly restored: Counter;
  readonly flips: Counter;
  readonly refusedGenerations: Counter;
  readonly refusedVectors: Counter<'reason'>;
  readonly searchSeconds: Histogram;
}

export function createIndexMetrics({ registry }: StageMetrics): IndexMetrics {
  const registers = [registry];
  return {
    items: new Gauge({
      name: 'tributary_index_items',
      help: 'Items that can be found in the served generation',
      registers,
    }),
    duplicates: new Gauge({
      name: 'tributary_index_duplicates',
      help: 'Items of the served generation left out as near-duplicates of one that can be found',
      registers,
    }),
    recall: new Gauge({
      name: 'tributary_index_recall_ratio',
      help: 'Recall at 10 of the graph built last, against exact search',
      registers,
    }),
    efSearch: new Gauge({
      name: 'tributary_index_ef_search',
      help: 'Candidates that searches of the graph built last keep to reach its recall',
      registers,
    }),
    buildSeconds: new Gauge({
      name: 'tributary_index_build_seconds',
      help: 'Time that building the last graph took beside the searches',
      registers,
    }),
    restored: new Counter({
      name: 'tributary_index_restored_total',
      help: 'Graphs that were read from a snapshot instead of built',
      registers,
    }),
    flips: new Counter({
      name: 'tributary_index_flips_total',
      help: 'Times that another generation began to serve',
      registers,
    }),
    refusedGenerations: new Counter({
      name: 'tributary_index_refused_generations_total',
      help: 'Generations that were built and did not take over, because their recall is too low',
      registers,
    }),
    refusedVectors: new Counter({
      name: 'tributary_index_refused_vectors_total',
      help: 'Embeddings passed over, by reason: invalid, zero, rejected-generation',
      labelNames: ['reason'],
      registers,
    }),
    searchSeconds: new Histogram({
      name: 'tributary_index_search_seconds',
      help: 'Time to answer one batch of searches',
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1],
      registers,
    }),
  };
}
