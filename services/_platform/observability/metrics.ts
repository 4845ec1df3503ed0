import { collectDefaultMetrics, Registry } from 'prom-client';
import { counter, gauge, histogram, type MetricsOf, registerMetrics } from './declared-metrics.ts';

const MESSAGES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Time between two samples of the event loop, ms. Each wakes the process, and every 10 ms, the default, they cost 5 ms a second. */
const EVENT_LOOP_SAMPLE_MS = 50;

/** Metrics that every stage has. */
export const METRICS = {
  messagesConsumed: counter('tributary_messages_consumed_total', {
    help: 'Messages read, by outcome: ok, dead_letter',
    labels: ['topic', 'outcome'],
  }),
  messagesProduced: counter('tributary_messages_produced_total', {
    help: 'Messages acknowledged by all in-sync replicas',
    labels: ['topic'],
  }),
  produceRequests: counter('tributary_produce_requests_total', {
    help: 'Requests that carried messages to the brokers; the messages acknowledged, divided by them, is the size of a request',
    labels: ['topic'],
  }),
  batchSeconds: histogram('tributary_batch_seconds', {
    help: 'Time to handle one batch of a partition',
    labels: ['topic'],
    buckets: SECONDS,
  }),
  batchMessages: histogram('tributary_batch_messages', {
    help: 'Messages in one batch of a partition',
    labels: ['topic'],
    buckets: MESSAGES,
  }),
  produceSeconds: histogram('tributary_produce_seconds', {
    help: 'Time from send to acknowledgement, lingering included',
    labels: ['topic'],
    buckets: SECONDS,
  }),
  rewrites: counter('tributary_unacknowledged_writes_total', {
    help: 'Writes of handlers that the brokers did not acknowledge, and that were repeated',
    labels: ['topic'],
  }),
  rejoins: counter('tributary_group_rejoins_total', {
    help: 'Times that a consumer joined its group again after an error of the brokers from which its client does not recover',
  }),
  lag: gauge('tributary_lag_messages', {
    help: 'Messages behind the end of the partition when its last batch was fetched',
    labels: ['topic', 'partition'],
  }),
  rebuilds: counter('tributary_state_rebuilds_total', {
    help: 'Partitions whose state did not fit the log, by cause: state-missing, state-older, state-replaced, topic-anew, log-shorter',
    labels: ['cause'],
  }),
  rebuildLeft: gauge('tributary_rebuild_messages_left', {
    help: 'Messages to read until the state of the partition is rebuilt; 0 when it is',
    labels: ['topic', 'partition'],
  }),
  spans: counter('tributary_spans_total', {
    help: 'Spans of traces by outcome: taken by the collector, lost because it did not take them',
    labels: ['outcome'],
  }),
  httpSeconds: histogram('tributary_http_seconds', {
    help: 'Time to answer a request',
    labels: ['route', 'status'],
    buckets: SECONDS,
  }),
} as const;

export interface StageMetrics extends MetricsOf<typeof METRICS> {
  readonly registry: Registry;
}

/** A registry of the stage's own, with the metrics of every stage and those of the process. */
export function createMetrics(stage: string): StageMetrics {
  const registry = new Registry();
  registry.setDefaultLabels({ stage });
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_SAMPLE_MS });
  return { registry, ...registerMetrics(METRICS, registry) };
}
