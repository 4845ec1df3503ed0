import type { Registry } from 'prom-client';
import {
  counter,
  gauge,
  histogram,
  type MetricsOf,
  registerMetrics,
} from '#platform/observability/declared-metrics.ts';

export const METRICS = {
  freshnessSeconds: histogram('tributary_rerank_freshness_seconds', {
    help: 'Time from the acceptance of an action until slates can reflect it',
    buckets: [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60],
  }),
  rewards: counter('tributary_rerank_rewards_total', {
    help: 'Rewards read, by outcome: taken, unseen (nobody may have seen the slot), too-old, repeat, other-features, invalid, too-many-columns',
    labels: ['outcome'],
  }),
  observations: gauge('tributary_rerank_observations', {
    help: 'Rewards in the posterior that is served',
  }),
  slates: counter('tributary_rerank_slates_total', {
    help: 'Requests for slates, by outcome; logged: answered, unanswered, perhaps unconfirmed; not logged: probed, late, abandoned, overloaded, failed',
    labels: ['outcome'],
  }),
  slotsMissing: counter('tributary_rerank_slots_missing_total', {
    help: 'Requested slots that the pool could not fill',
  }),
} as const;

export type RerankMetrics = MetricsOf<typeof METRICS>;

export function createRerankMetrics(registry: Registry): RerankMetrics {
  return registerMetrics(METRICS, registry);
}
