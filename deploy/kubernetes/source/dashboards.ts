/** The dashboards of Grafana, as code. */

interface Panel {
  readonly title: string;
  /** A query, by the legend of its series. */
  readonly queries: Readonly<Record<string, string>>;
  readonly unit?: 's' | 'ops' | 'reqps' | 'percentunit' | 'bytes' | 'short';
}

export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const quantile = (q: number, metric: string, by = ''): string =>
  `histogram_quantile(${q}, sum by (le${by === '' ? '' : `, ${by}`}) (rate(${metric}_bucket[$__rate_interval])))`;
const rate = (metric: string, by: string, selector = ''): string =>
  `sum by (${by}) (rate(${metric}${selector}[$__rate_interval]))`;

export const DASHBOARDS: readonly Dashboard[] = [
  {
    uid: 'tributary-path',
    title: 'Tributary: the path of an action',
    panels: [
      {
        title: 'Freshness: from the acceptance of an action until slates can reflect it',
        unit: 's',
        queries: {
          p50: quantile(0.5, 'tributary_rerank_freshness_seconds'),
          p99: quantile(0.99, 'tributary_rerank_freshness_seconds'),
        },
      },
      {
        title:
          'Freshness by hop, p99: until the log has the interests, the proposals, and until slates can use them',
        unit: 's',
        queries: { '{{hop}}': quantile(0.99, 'tributary_rerank_hop_seconds', 'hop') },
      },
      {
        title: 'Entries that the gateway accepted and rejected',
        unit: 'ops',
        queries: { '{{topic}} {{outcome}}': rate('tributary_gateway_entries_total', 'topic, outcome') },
      },
      {
        title: 'Messages read, by stage',
        unit: 'ops',
        queries: { '{{stage}} {{topic}}': rate('tributary_messages_consumed_total', 'stage, topic') },
      },
      {
        title: 'Messages behind the end of the log',
        unit: 'short',
        queries: { '{{stage}} {{topic}}': 'sum by (stage, topic) (tributary_lag_messages)' },
      },
      {
        title: 'Time for a batch, p99',
        unit: 's',
        queries: { '{{stage}} {{topic}}': quantile(0.99, 'tributary_batch_seconds', 'stage, topic') },
      },
      {
        title: 'Time until all in-sync replicas have a message, p99',
        unit: 's',
        queries: { '{{stage}} {{topic}}': quantile(0.99, 'tributary_produce_seconds', 'stage, topic') },
      },
      {
        title: 'Dead letters',
        unit: 'ops',
        queries: {
          '{{stage}} {{topic}}': rate(
            'tributary_messages_consumed_total',
            'stage, topic',
            '{outcome="dead_letter"}',
          ),
        },
      },
      {
        title: 'Messages to read until lost state is rebuilt',
        unit: 'short',
        queries: { '{{stage}} {{topic}}': 'sum by (stage, topic) (tributary_rebuild_messages_left)' },
      },
    ],
  },
  {
    uid: 'tributary-serving',
    title: 'Tributary: recommendations',
    panels: [
      {
        title: 'Requests to the gateway',
        unit: 'reqps',
        queries: {
          '{{route}} {{status}}': rate('tributary_http_seconds_count', 'route, status', '{stage="gateway"}'),
        },
      },
      {
        title: 'Time to answer, p99',
        unit: 's',
        queries: { '{{stage}} {{route}}': quantile(0.99, 'tributary_http_seconds', 'stage, route') },
      },
      {
        title: 'Requests for slates, by outcome',
        unit: 'reqps',
        queries: { '{{outcome}}': rate('tributary_rerank_slates_total', 'outcome') },
      },
      {
        title: 'Slots that no candidate could fill',
        unit: 'ops',
        queries: { slots: 'sum(rate(tributary_rerank_slots_missing_total[$__rate_interval]))' },
      },
      {
        title: 'Lists of the proposal models, by outcome',
        unit: 'ops',
        queries: { '{{model}} {{outcome}}': rate('tributary_proposals_total', 'model, outcome') },
      },
      {
        title: 'Time for a batch of searches in the index, p99',
        unit: 's',
        queries: { p99: quantile(0.99, 'tributary_index_search_seconds') },
      },
      {
        title: 'Rewards, by the action that earned them',
        unit: 'ops',
        queries: { '{{action}}': rate('tributary_feedback_rewards_total', 'action') },
      },
      {
        title: 'Rewards in the posterior that is served',
        unit: 'short',
        queries: { rewards: 'max(tributary_rerank_observations)' },
      },
    ],
  },
  {
    uid: 'tributary-learning',
    title: 'Tributary: generations and processes',
    panels: [
      {
        title: 'Generations in the log, by state',
        unit: 'short',
        queries: { '{{state}}': 'max by (state) (tributary_retrain_generations)' },
      },
      {
        title: 'Time of the last retraining',
        unit: 's',
        queries: { seconds: 'max(tributary_retrain_seconds)' },
      },
      {
        title: 'Items that can be found, and near-duplicates left out',
        unit: 'short',
        queries: { found: 'max(tributary_index_items)', 'left out': 'max(tributary_index_duplicates)' },
      },
      {
        title: 'Recall of the served index',
        unit: 'percentunit',
        queries: { recall: 'min(tributary_index_recall_ratio)' },
      },
      {
        title: 'CPU, by stage',
        unit: 'short',
        queries: { '{{stage}}': rate('process_cpu_seconds_total', 'stage', '{stage!=""}') },
      },
      {
        title: 'Memory, by stage',
        unit: 'bytes',
        queries: { '{{stage}}': 'sum by (stage) (process_resident_memory_bytes{stage!=""})' },
      },
      {
        title: 'Wait of the event loop, p99',
        unit: 's',
        queries: { '{{stage}}': 'max by (stage) (nodejs_eventloop_lag_p99_seconds{stage!=""})' },
      },
      {
        title: 'Users in the cache of interests',
        unit: 'ops',
        queries: { '{{outcome}}': rate('tributary_hot_users_total', 'outcome') },
      },
    ],
  },
];

/** Returns a dashboard in Grafana's format, two panels a row. */
export function grafanaDashboard({ uid, title, panels }: Dashboard) {
  const datasource = { type: 'prometheus', uid: `\${datasource}` };
  return {
    uid,
    title,
    tags: ['tributary'],
    schemaVersion: 39,
    editable: false,
    refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', type: 'datasource', query: 'prometheus' }] },
    panels: panels.map((panel, at) => ({
      id: at + 1,
      type: 'timeseries',
      title: panel.title,
      datasource,
      gridPos: { h: 8, w: 12, x: (at % 2) * 12, y: Math.floor(at / 2) * 8 },
      fieldConfig: { defaults: { unit: panel.unit ?? 'short', min: 0 }, overrides: [] },
      targets: Object.entries(panel.queries).map(([legendFormat, expr], query) => ({
        refId: String.fromCharCode(65 + query),
        datasource,
        expr,
        legendFormat,
      })),
    })),
  };
}

/** Returns the text of a dashboard's file. */
export function dashboardFile(dashboard: Dashboard): string {
  return `${JSON.stringify(grafanaDashboard(dashboard), null, 2)}\n`;
}
