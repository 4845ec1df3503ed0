/** What Prometheus scrapes, when it alerts, and what Grafana shows. */
import { ruleGroups } from '../alerts.ts';
import { DASHBOARDS, dashboardFile } from '../dashboards.ts';
import type { Manifest } from '../manifest.ts';
import { PART_OF } from '../parts.ts';
import type { Component } from './component.ts';

export const MONITORING: Component = {
  name: 'monitoring',
  about: "Monitoring by Prometheus' operator and Grafana: what is scraped, the alerts, and the dashboards.",
  files: {
    'service-monitor': [
      {
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'ServiceMonitor',
        metadata: { name: 'tributary', labels: PART_OF },
        spec: {
          '#jobLabel': 'The label job is the name of the stage.',
          jobLabel: 'app.kubernetes.io/name',
          selector: { matchLabels: { 'app.kubernetes.io/component': 'stage', ...PART_OF } },
          endpoints: [{ port: 'http', path: '/metrics', interval: '15s', scrapeTimeout: '10s' }],
        },
      },
    ],
    rules: [
      {
        '#': 'The same rules for a Prometheus without the operator: deploy/alerts/rules.yaml.',
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PrometheusRule',
        metadata: { name: 'tributary', labels: PART_OF },
        spec: { groups: ruleGroups() as unknown as readonly Manifest[] },
      },
    ],
  },
  data: {
    name: 'dashboards',
    // Grafana finds its dashboards by this label.
    labels: { grafana_dashboard: '1', ...PART_OF },
    folder: 'dashboards',
    files: Object.fromEntries(DASHBOARDS.map((one) => [`${one.uid}.json`, dashboardFile(one)])),
  },
};
