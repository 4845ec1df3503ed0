import type { Registry } from 'prom-client';
import { counter, type MetricsOf, registerMetrics } from '#platform/observability/declared-metrics.ts';

export const METRICS = {
  lateSlates: counter('tributary_feedback_late_slates_total', {
    help: 'Slates read later than the assumed longest delay; some of their actions may have been dropped',
  }),
  repeatedSlates: counter('tributary_feedback_repeated_slates_total', {
    help: 'Slates that were not joined, because one with their id was joined before, or because they were read so late that it may have been',
  }),
  lost: counter('tributary_feedback_lost_total', {
    help: 'Rebuilds of a partition because a part of its state was gone from Redis or unreadable, by part: slates with their indexes, outbox of rewards',
    labels: ['part'],
  }),
  actions: counter('tributary_feedback_actions_total', {
    help: 'Actions that can pay a slate, by the slate that they paid: named (that which they name), other-slate (the latest with the item, because that which they name is not of the user, does not show the item or is closed), latest (they name none), named-no-slate, no-slate',
    labels: ['outcome'],
  }),
  rewards: counter('tributary_feedback_rewards_total', {
    help: 'Rewards written, by the type of the action that earned them; none for a reward of zero',
    labels: ['action'],
  }),
} as const;

export type FeedbackMetrics = MetricsOf<typeof METRICS>;

export function createFeedbackMetrics(registry: Registry): FeedbackMetrics {
  return registerMetrics(METRICS, registry);
}
