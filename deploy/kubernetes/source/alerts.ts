/** The alerts. Each has a runbook of its own in deploy/runbooks, and tests in deploy/alerts/rules.test.yaml. */
import { STAGE_NAMES } from '#stages/stages.ts';

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** Time for which the condition must hold. */
  readonly for: string;
  /** page: a person must act now. ticket: within a working day. */
  readonly severity: 'page' | 'ticket';
  readonly summary: string;
}

/** Share of actions that slates must reflect within half a second. */
const FRESH_SHARE = 0.99;
/** Share of requests to the gateway that must not fail by a fault of the servers. */
const SERVED_SHARE = 0.999;

const STALE = (window: string): string =>
  `(1 - sum(rate(tributary_rerank_freshness_seconds_bucket{le="0.5"}[${window}])) / sum(rate(tributary_rerank_freshness_seconds_count[${window}])))`;
/** By hop: a quarter of a second leaves the two others as much. */
const SLOW_HOP = (window: string): string =>
  `(1 - sum by (hop) (rate(tributary_rerank_hop_seconds_bucket{le="0.25"}[${window}])) / sum by (hop) (rate(tributary_rerank_hop_seconds_count[${window}])))`;
const FAILED = (window: string): string =>
  `(sum(rate(tributary_http_seconds_count{stage="gateway",route=~"/v1/.*",status=~"5.."}[${window}])) / sum(rate(tributary_http_seconds_count{stage="gateway",route=~"/v1/.*"}[${window}])))`;

/**
 * Counts that rose in a window. A counter with labels appears with its first event, and Prometheus sees no increase in that, so a
 * series that did not exist before the window counts too.
 */
function rose(counter: string, by: string, window: string): string {
  const appeared = `sum by (${by}) (${counter} unless ${counter} offset ${window}) > 0`;
  return `sum by (${by}) (increase(${counter}[${window}])) > 0 or ${appeared}`;
}

/** Two windows must agree, so that the alert comes soon and goes soon. */
function burns(
  rate: (window: string) => string,
  share: number,
  factor: number,
  long: string,
  short: string,
): string {
  const budget = `${factor} * ${Number((1 - share).toFixed(6))}`;
  return `${rate(long)} > ${budget} and ${rate(short)} > ${budget}`;
}

const READY = 'tributary_retrain_retrainings_total{state="ready"}';

export const ALERTS: readonly Alert[] = [
  {
    name: 'TributaryStageDown',
    expr: [
      `max by (job) (up{job=~"${STAGE_NAMES.join('|')}"}) == 0`,
      ...STAGE_NAMES.map((name) => `absent(up{job="${name}"})`),
    ].join(' or '),
    for: '2m',
    severity: 'page',
    summary: 'No process of the stage {{ $labels.job }} answers.',
  },
  {
    name: 'TributaryFreshnessBurnsFast',
    expr: burns(STALE, FRESH_SHARE, 14.4, '1h', '5m'),
    for: '2m',
    severity: 'page',
    summary:
      '{{ $value | humanizePercentage }} of the actions reach slates later than half a second after they were accepted.',
  },
  {
    name: 'TributaryFreshnessBurnsSlowly',
    expr: burns(STALE, FRESH_SHARE, 3, '1d', '2h'),
    for: '15m',
    severity: 'ticket',
    summary:
      '{{ $value | humanizePercentage }} of the actions of a day reach slates later than half a second after they were accepted.',
  },
  {
    name: 'TributaryHopBurnsFast',
    expr: burns(SLOW_HOP, FRESH_SHARE, 14.4, '1h', '5m'),
    for: '2m',
    severity: 'ticket',
    summary:
      '{{ $value | humanizePercentage }} of the actions take longer than a quarter of a second for the hop to {{ $labels.hop }}.',
  },
  {
    name: 'TributaryGatewayFails',
    expr: burns(FAILED, SERVED_SHARE, 14.4, '1h', '5m'),
    for: '2m',
    severity: 'page',
    summary:
      '{{ $value | humanizePercentage }} of the requests to the gateway fail by a fault of the servers.',
  },
  {
    name: 'TributaryLagGrows',
    expr: 'max by (stage, topic) (tributary_lag_messages) > 10000 and max by (stage, topic) (deriv(tributary_lag_messages[10m])) > 0',
    for: '10m',
    severity: 'page',
    summary:
      '{{ $labels.stage }} is {{ $value | humanize }} messages behind {{ $labels.topic }}, and falls back further.',
  },
  {
    name: 'TributaryDeadLetters',
    expr: rose('tributary_messages_consumed_total{outcome="dead_letter"}', 'stage, topic', '15m'),
    for: '0m',
    severity: 'ticket',
    summary:
      '{{ $labels.stage }} rejected {{ $value | humanize }} messages of {{ $labels.topic }} in a quarter of an hour.',
  },
  {
    name: 'TributaryStateRebuilt',
    expr: rose('tributary_state_rebuilds_total', 'stage, cause', '15m'),
    for: '0m',
    severity: 'ticket',
    summary:
      '{{ $labels.stage }} rebuilds state from the log, because in Redis it did not fit the log: {{ $labels.cause }}.',
  },
  {
    name: 'TributarySlatesFail',
    expr: 'sum(rate(tributary_rerank_slates_total{outcome=~"unconfirmed|late|overloaded|failed"}[5m])) / sum(rate(tributary_rerank_slates_total[5m])) > 0.02',
    for: '5m',
    severity: 'page',
    summary: '{{ $value | humanizePercentage }} of the requests for slates are not answered.',
  },
  {
    name: 'TributarySlatesUnlogged',
    expr: 'sum(increase(tributary_rerank_unlogged_slates_total[15m])) > 0',
    for: '0m',
    severity: 'ticket',
    summary:
      'Users got {{ $value | humanize }} slates that are not in the log; nothing is learned from them.',
  },
  {
    name: 'TributaryModelFails',
    expr: 'sum by (model) (rate(tributary_proposals_total{outcome=~"failed|timed_out|dropped"}[10m])) / sum by (model) (rate(tributary_proposals_total[10m])) > 0.05',
    for: '10m',
    severity: 'ticket',
    summary:
      'The proposal model {{ $labels.model }} fails for {{ $value | humanizePercentage }} of the users.',
  },
  {
    name: 'TributaryRewardsLost',
    expr: rose('tributary_feedback_lost_total', 'part', '15m'),
    for: '0m',
    severity: 'ticket',
    summary: 'feedback found its state missing or unreadable {{ $value | humanize }} times, and rebuilt it.',
  },
  {
    name: 'TributaryRecallLow',
    expr: 'min(tributary_index_recall_ratio) < 0.95',
    for: '15m',
    severity: 'ticket',
    summary: 'The served index finds only {{ $value | humanizePercentage }} of the true neighbours.',
  },
  {
    name: 'TributaryGenerationRefused',
    expr: 'sum(increase(tributary_index_refused_generations_total[1h])) > 0',
    for: '0m',
    severity: 'ticket',
    summary: 'The index built a new generation and did not switch to it, because its recall is too low.',
  },
  {
    name: 'TributaryRetrainingOverdue',
    expr: `(sum(increase(${READY}[1d])) or vector(0)) + (count(${READY} unless ${READY} offset 1d) or vector(0)) < 1 and on () count(up{job="retrain"} offset 1d) > 0`,
    for: '1h',
    severity: 'ticket',
    summary: 'No retraining of the last day has produced a generation that may be served.',
  },
  {
    name: 'TributaryEventLoopBlocked',
    expr: 'max by (stage) (nodejs_eventloop_lag_p99_seconds{stage!=""}) > 0.5',
    for: '10m',
    severity: 'ticket',
    summary:
      'The event loop of {{ $labels.stage }} waits {{ $value | humanizeDuration }} at the 99th percentile.',
  },
  {
    name: 'TributaryOutOfMemory',
    expr: 'max by (pod) (kube_pod_container_status_last_terminated_reason{reason="OOMKilled",container="stage"}) > 0 and on (pod) sum by (pod) (increase(kube_pod_container_status_restarts_total{container="stage"}[30m])) > 0',
    for: '0m',
    severity: 'ticket',
    summary: 'The pod {{ $labels.pod }} was killed because it exceeded its limit of memory.',
  },
];

/** Metrics in the rules and dashboards that others export. */
export const FOREIGN_METRICS = [
  'up',
  'nodejs_eventloop_lag_p99_seconds',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'kube_pod_container_status_last_terminated_reason',
  'kube_pod_container_status_restarts_total',
] as const;

/** Returns the file name of a runbook: stage-down for TributaryStageDown. */
export function runbookOf({ name }: Pick<Alert, 'name'>): string {
  return name
    .replace(/^Tributary/, '')
    .replaceAll(/[A-Z]/g, (letter, at: number) => (at === 0 ? '' : '-') + letter.toLowerCase());
}

/** Returns the group of rules as Prometheus reads it. */
export function ruleGroups() {
  return [
    {
      name: 'tributary',
      rules: ALERTS.map((alert) => ({
        alert: alert.name,
        expr: alert.expr,
        for: alert.for,
        labels: { severity: alert.severity },
        annotations: { summary: alert.summary, runbook: `deploy/runbooks/${runbookOf(alert)}.md` },
      })),
    },
  ];
}
