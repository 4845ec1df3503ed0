import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Metrics every stage has; services/docs/metrics.md is the table they are named in. */
export interface StageMetrics {
  readonly registry: Registry;
  readonly messagesConsumed: Counter<'topic' | 'outcome'>;
  readonly messagesProduced: Counter<'topic'>;
  readonly batchSeconds: Histogram<'topic'>;
  readonly produceSeconds: Histogram<'topic'>;
  readonly lag: Gauge<'topic' | 'partition'>;
  readonly httpSeconds: Histogram<'route' | 'status'>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createMetrics(stage: string): StageMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ stage });
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    messagesConsumed: new Counter({
      name: 'tributary_messages_consumed_total',
      help: 'Messages read, by outcome: ok, dead_letter',
      labelNames: ['topic', 'outcome'],
      registers,
    }),
    messagesProduced: new Counter({
      name: 'tributary_messages_produced_total',
      help: 'Messages acknowledged by all in-sync replicas',
      labelNames: ['topic'],
      registers,
    }),
    batchSeconds: new Histogram({
      name: 'tributary_batch_seconds',
      help: 'Time to handle one batch of a partition',
      labelNames: ['topic'],
      buckets: SECONDS,
      registers,
    }),
    produceSeconds: new Histogram({
      name: 'tributary_produce_seconds',
      help: 'Time from send to acknowledgement, lingering included',
      labelNames: ['topic'],
      buckets: SECONDS,
      registers,
    }),
    lag: new Gauge({
      name: 'tributary_lag_messages',
      help: 'Messages behind the end of the partition when the last batch was taken',
      labelNames: ['topic', 'partition'],
      registers,
    }),
    httpSeconds: new Histogram({
      name: 'tributary_http_seconds',
      help: 'Time to answer a request',
      labelNames: ['route', 'status'],
      buckets: SECONDS,
      registers,
    }),
  };
}
