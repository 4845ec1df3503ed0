/** The documents that are generated, or of which a part is, with the text that each of them must have. */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PLATFORM_SETTINGS, portSetting, type Settings } from '#platform/config.ts';
import type { MetricDeclarations } from '#platform/observability/declared-metrics.ts';
import { METRICS } from '#platform/observability/metrics.ts';
import { STAGES, type StageRow, WORKERS } from '#stages/stages.ts';
import { kubernetesFiles } from '../kubernetes/source/files.ts';
import { SetupError } from '../local/parts/setup-error.mjs';
import { PROJECT } from '../local/parts.mjs';
import { markers, metricsTable, settingsTable, withGenerated } from './tables.ts';

export interface Document {
  /** Path inside the project. */
  readonly path: string;
  readonly text: string;
}

/** Parts of a document by the names of their markers. */
type Parts = Readonly<Record<string, string>>;

/**
 * Returns the READMEs of the platform and of each stage with their tables of settings and metrics, and services/docs/metrics.md.
 * @throws {SetupError} that names a document without its markers, or a stage without SETTINGS or METRICS
 */
export async function documents(): Promise<Document[]> {
  const stages = await Promise.all(Object.values(STAGES).map(readStage));
  return [
    document('services/_platform/README.md', {
      settings: settingsTable(PLATFORM_SETTINGS),
      metrics: metricsTable(METRICS),
    }),
    document('services/docs/metrics.md', { 'all metrics': allMetrics(stages) }),
    ...stages.map(({ row, parts }) => document(`services/${row.folder}/README.md`, parts)),
    ...kubernetesFiles(),
  ];
}

interface ReadStage {
  readonly row: StageRow;
  readonly metrics: MetricDeclarations;
  readonly parts: Parts;
}

async function readStage(row: StageRow): Promise<ReadStage> {
  const metrics = await declared<MetricDeclarations>(`services/${row.folder}/metrics.ts`, 'METRICS');
  const parts: Record<string, string> = {
    settings: settingsTable(await settingsOf(row)),
    metrics: metricsTable(metrics),
  };
  for (const worker of Object.values(WORKERS).filter(({ folder }) => dirname(folder) === row.folder)) {
    parts[`settings of ${basename(worker.folder)}`] = settingsTable(await settingsOf(worker));
  }
  return { row, metrics, parts };
}

/** Returns the settings that the processes of a stage do not share with other stages: its port and those of its config.ts. */
async function settingsOf({ folder, port }: StageRow): Promise<Settings> {
  return {
    port: portSetting(port),
    ...(await declared<Settings>(`services/${folder}/config.ts`, 'SETTINGS')),
  };
}

async function declared<T>(path: string, name: string): Promise<T> {
  const module = (await import(join(PROJECT, path))) as Readonly<Record<string, T | undefined>>;
  const value = module[name];
  if (value === undefined) {
    throw new SetupError(`${path} exports no ${name}`, 'Export the declarations; they may be empty');
  }
  return value;
}

function allMetrics(stages: readonly ReadStage[]): string {
  const chapter = (title: string, metrics: MetricDeclarations) => `## ${title}\n${metricsTable(metrics)}`;
  return [
    chapter('Every stage', METRICS),
    ...stages.map(({ row, metrics }) => chapter(row.name, metrics)),
  ].join('\n\n');
}

function document(path: string, parts: Parts): Document {
  let text = readFileSync(join(PROJECT, path), 'utf8');
  for (const [name, content] of Object.entries(parts)) {
    const generated = withGenerated(text, name, content);
    if (generated === undefined) {
      throw new SetupError(`${path} lacks ${markers(name)}`, 'Add both markers on lines of their own');
    }
    text = generated;
  }
  return { path, text };
}
