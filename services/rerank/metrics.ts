import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

export interface RerankMetrics {
  readonly freshnessSeconds: Histogram;
  readonly rewards: Counter<'outcome'>;
  readonly observations: Gauge;
  readonly slotsMissing: Counter;
}

export function createRerankMetrics(registry: Registry): RerankMetrics {
  const registers = [registry];
  return {
    freshnessSeconds: new Histogram({
      name: 'tributary_rerank_freshness_seconds',
      help: 'From the acceptance of an action to the moment slates can reflect it',
      buckets: [0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 15, 60],
      registers,
    }),
    rewards: new Counter({
      name: 'tributary_rerank_rewards_total',
      help: 'Rewards read, by outcome: taken, repeat, other-features, invalid',
      labelNames: ['outcome'],
      registers,
    }),
    observations: new Gauge({
      name: 'tributary_rerank_observations',
      help: 'Rewards in the posterior that is served',
      registers,
    }),
    slotsMissing: new Counter({
      name: 'tributary_rerank_slots_missing_total',
      help: 'Slots asked for that the pool could not fill',
      registers,
    }),
  };
}
