import type { Registry } from 'prom-client';
import { counter, gauge, type MetricsOf, registerMetrics } from '#platform/observability/declared-metrics.ts';

export const METRICS = {
  proposals: counter('tributary_proposals_total', {
    help: 'Lists requested from a model, by outcome: ok, skipped (the model has none for the user, such as in a generation that the index no longer holds), failed, timed_out, dropped (too many users waited for the model)',
    labels: ['model', 'outcome'],
  }),
  waitingUsers: gauge('tributary_proposals_waiting_users', {
    help: 'Users who wait in memory for a model that fails',
    labels: ['model'],
  }),
} as const;

export type ProposeMetrics = MetricsOf<typeof METRICS>;

export function createProposeMetrics(registry: Registry): ProposeMetrics {
  return registerMetrics(METRICS, registry);
}
