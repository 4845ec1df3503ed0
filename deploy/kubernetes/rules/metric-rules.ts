/** The rules about alerts and dashboards: metrics, stages and runbooks that they name exist. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STAGE_NAMES } from '#stages/stages.ts';
import { PROJECT } from '../../local/parts.mjs';
import { ALERTS, FOREIGN_METRICS, runbookOf } from '../source/alerts.ts';
import { DASHBOARDS } from '../source/dashboards.ts';

/** What Prometheus appends to the name of a histogram. */
const SERIES = /_(bucket|sum|count)$/;

/** Returns the metrics that services/docs/metrics.md lists, with the kind of each. */
export function documentedMetrics(): ReadonlyMap<string, string> {
  const text = readFileSync(join(PROJECT, 'services/docs/metrics.md'), 'utf8');
  return new Map(
    [...text.matchAll(/^\| `(\w+)` \| (\w+) \|/gm)].map(([, name = '', kind = '']) => [name, kind]),
  );
}

/** Returns the names of metrics in a query: words in front of a selector, a bracket, or the end of an expression. */
export function metricsIn(query: string): string[] {
  const bare = query
    .replaceAll(/"[^"]*"/g, '""')
    .replaceAll(/\{[^}]*\}/g, '{}')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, '[]');
  const words = [...bare.matchAll(/\b([a-z_][a-z0-9_]*)\b(?!\s*\()/g)].map(([word]) => word);
  return [...new Set(words)].filter((word) => !['and', 'or', 'unless', 'offset', 'bool'].includes(word));
}

/** Returns a sentence for each metric of alerts and dashboards that nothing exports. */
export function unknownMetrics(): string[] {
  const documented = documentedMetrics();
  const exists = (metric: string): boolean => {
    if ((FOREIGN_METRICS as readonly string[]).includes(metric)) return true;
    const kind = documented.get(metric.replace(SERIES, ''));
    return SERIES.test(metric) ? kind === 'histogram' : kind === 'counter' || kind === 'gauge';
  };
  const queries = [
    ...ALERTS.map(({ name, expr }) => [name, expr] as const),
    ...DASHBOARDS.flatMap(({ uid, panels }) =>
      panels.flatMap(({ title, queries: each }) =>
        Object.values(each).map((query) => [`${uid}, “${title}”`, query] as const),
      ),
    ),
  ];
  return queries.flatMap(([place, query]) =>
    metricsIn(query)
      .filter((metric) => !exists(metric))
      .map((metric) => `${place}: nothing exports ${metric}`),
  );
}

/** Returns a sentence for each alert without a runbook or a test, and for each stage that no alert watches. */
export function unwatched(): string[] {
  const tests = readFileSync(join(PROJECT, 'deploy/alerts/rules.test.yaml'), 'utf8');
  const watched = ALERTS.map(({ expr }) => expr).join('\n');
  return [
    ...ALERTS.filter((alert) => !existsSync(join(PROJECT, 'deploy/runbooks', `${runbookOf(alert)}.md`))).map(
      (alert) => `${alert.name} has no runbook deploy/runbooks/${runbookOf(alert)}.md`,
    ),
    ...ALERTS.filter(({ name }) => !tests.includes(`alertname: ${name}\n`)).map(
      ({ name }) => `${name} has no test in deploy/alerts/rules.test.yaml`,
    ),
    ...STAGE_NAMES.filter((stage) => !watched.includes(`absent(up{job="${stage}"})`)).map(
      (stage) => `no alert fires when ${stage} is down`,
    ),
  ];
}
