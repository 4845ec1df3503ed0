import type { Registry } from 'prom-client';
import { counter, gauge, type MetricsOf, registerMetrics } from '#platform/observability/declared-metrics.ts';

export const METRICS = {
  actions: counter('tributary_window_actions_total', {
    help: 'Actions, by outcome: added, duplicate (the same event), late (before the window), repeated (redelivered)',
    labels: ['outcome'],
  }),
  users: counter('tributary_hot_users_total', {
    help: 'Users whose actions were handled, by outcome: hot (cached in memory), read (from Redis)',
    labels: ['outcome'],
  }),
  hotUsersBytes: gauge('tributary_hot_users_bytes', {
    help: 'Estimated memory of the cached users',
  }),
} as const;

export type InterestsMetrics = MetricsOf<typeof METRICS>;

/** @param hotUsersBytes - memory of the cached users, asked for at each scrape */
export function createInterestsMetrics(registry: Registry, hotUsersBytes: () => number): InterestsMetrics {
  return registerMetrics(METRICS, registry, { hotUsersBytes: (gauge) => gauge.set(hotUsersBytes()) });
}
