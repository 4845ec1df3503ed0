import { counter, registerMetrics } from '#platform/observability/declared-metrics.ts';
import type { StageMetrics } from '#platform/observability/metrics.ts';
import type { BatchAnswer } from './ingest/batch.ts';

export const METRICS = {
  entries: counter('tributary_gateway_entries_total', {
    help: 'Entries of requests, by topic and outcome: accepted or an error code',
    labels: ['topic', 'outcome'],
  }),
} as const;

export interface GatewayMetrics {
  /** Counts the verdicts of one request. */
  count(topic: 'actions' | 'items', answer: BatchAnswer): void;
}

export function createGatewayMetrics({ registry }: StageMetrics): GatewayMetrics {
  const { entries } = registerMetrics(METRICS, registry);
  return {
    count(topic, { accepted, results }) {
      if (accepted > 0) entries.inc({ topic, outcome: 'accepted' }, accepted);
      for (const verdict of results) {
        if (verdict.status === 'rejected') entries.inc({ topic, outcome: verdict.error.code });
      }
    },
  };
}
