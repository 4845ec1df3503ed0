import { Counter } from 'prom-client';
import type { StageMetrics } from '#platform/observability/metrics.ts';
import type { BatchAnswer } from './batch.ts';

export interface GatewayMetrics {
  /** Counts the verdicts of one request. */
  count(topic: 'actions' | 'items', answer: BatchAnswer): void;
}

export function createGatewayMetrics({ registry }: StageMetrics): GatewayMetrics {
  const entries = new Counter({
    name: 'tributary_gateway_entries_total',
    help: 'Entries judged, by topic and outcome: accepted or an error code',
    labelNames: ['topic', 'outcome'],
    registers: [registry],
  });
  return {
    count(topic, { accepted, results }) {
      if (accepted > 0) entries.inc({ topic, outcome: 'accepted' }, accepted);
      for (const verdict of results) {
        if (verdict.status === 'rejected') entries.inc({ topic, outcome: verdict.error.code });
      }
    },
  };
}
