import { counter, registerMetrics } from '#platform/observability/declared-metrics.ts';
import type { StageMetrics } from '#platform/observability/metrics.ts';
import type { BatchAnswer } from './ingest/batch.ts';

export const METRICS = {
  entries: counter('tributary_gateway_entries_total', {
    help: 'Entries of requests, by topic and outcome: accepted or an error code',
    labels: ['topic', 'outcome'],
  }),
  decisions: counter('tributary_gateway_console_decisions_total', {
    help: 'Changes that people asked the console for, by decision (activate, rollback, requeue, start, stop, promote) and outcome: done or an error code',
    labels: ['decision', 'outcome'],
  }),
} as const;

export interface GatewayMetrics {
  /** Counts the verdicts of one request. */
  count(topic: 'actions' | 'items', answer: BatchAnswer): void;
  /** Counts a change that a person asked the console for. */
  countDecision(decision: string, outcome: string): void;
}

export function createGatewayMetrics({ registry }: StageMetrics): GatewayMetrics {
  const { entries, decisions } = registerMetrics(METRICS, registry);
  return {
    countDecision: (decision, outcome) => decisions.inc({ decision, outcome }),
    count(topic, { accepted, results }) {
      if (accepted > 0) entries.inc({ topic, outcome: 'accepted' }, accepted);
      for (const verdict of results) {
        if (verdict.status === 'rejected') entries.inc({ topic, outcome: verdict.error.code });
      }
    },
  };
}
