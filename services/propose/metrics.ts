import type { Registry } from 'prom-client';
import { counter, type MetricsOf, registerMetrics } from '#platform/observability/declared-metrics.ts';

export const METRICS = {
  skipped: counter('tributary_proposals_skipped_total', {
    help: 'Interests that were skipped, because the index no longer holds their generation',
  }),
} as const;

export type ProposeMetrics = MetricsOf<typeof METRICS>;

export function createProposeMetrics(registry: Registry): ProposeMetrics {
  return registerMetrics(METRICS, registry);
}
