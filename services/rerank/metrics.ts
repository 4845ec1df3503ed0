import type { Registry } from 'prom-client';
import {
  counter,
  gauge,
  histogram,
  type MetricsOf,
  registerMetrics,
} from '#platform/observability/declared-metrics.ts';
import type { FreshnessByHop } from './pools/apply-proposals.ts';

export const METRICS = {
  freshnessSeconds: histogram('tributary_rerank_freshness_seconds', {
    help: 'Time from the acceptance of an action until slates can reflect it',
    buckets: [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60],
  }),
  hopSeconds: histogram('tributary_rerank_hop_seconds', {
    help: 'Parts of that time, by hop: interests (until the log has the interests), proposals (until it has the proposals), pools (until slates can use them)',
    labels: ['hop'],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 15, 60],
  }),
  rewards: counter('tributary_rerank_rewards_total', {
    help: 'Rewards read, by outcome: taken, unseen (nobody may have seen the slot), too-old, repeat, other-features, invalid, too-many-columns, too-many-learners',
    labels: ['outcome'],
  }),
  observations: gauge('tributary_rerank_observations', {
    help: 'Rewards in the posterior that is served',
  }),
  slates: counter('tributary_rerank_slates_total', {
    help: 'Requests for slates, by outcome; logged: answered, unanswered, perhaps unconfirmed; not logged: probed, late, abandoned, overloaded, failed',
    labels: ['outcome'],
  }),
  unlogged: counter('tributary_rerank_unlogged_slates_total', {
    help: 'Slates that were answered once they were chosen (TRIBUTARY_RERANK_ANSWERED), and that Kafka did not confirm',
  }),
  unreadableAttributes: counter('tributary_rerank_unreadable_attributes_total', {
    help: 'Messages of items whose attribute with the price or the time since when they exist cannot be read, by which of them: price, since',
    labels: ['attribute'],
  }),
  missingColumns: counter('tributary_rerank_missing_columns_total', {
    help: 'Slates whose policy orders by a feature that no list of the user has, so that expected rewards ordered them, by policy',
    labels: ['policy'],
  }),
  slotsMissing: counter('tributary_rerank_slots_missing_total', {
    help: 'Requested slots that the pool could not fill',
  }),
} as const;

export type RerankMetrics = MetricsOf<typeof METRICS>;

export function createRerankMetrics(registry: Registry): RerankMetrics {
  return registerMetrics(METRICS, registry);
}

export function observeFreshness(
  { freshnessSeconds, hopSeconds }: Pick<RerankMetrics, 'freshnessSeconds' | 'hopSeconds'>,
  { total, ...hops }: FreshnessByHop,
): void {
  freshnessSeconds.observe(total);
  for (const [hop, seconds] of Object.entries(hops))
    if (seconds !== undefined) hopSeconds.observe({ hop }, seconds);
}
