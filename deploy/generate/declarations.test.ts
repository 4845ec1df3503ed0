import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { PLATFORM_SETTINGS, type Setting, type Settings } from '#platform/config.ts';
import type { MetricDeclarations } from '#platform/observability/declared-metrics.ts';
import { METRICS } from '#platform/observability/metrics.ts';
import { defaultUrl, STAGES, type StageRow, urlVariable, WORKERS } from '#stages/stages.ts';
import { PROJECT } from '../local/parts.mjs';

const rows: readonly StageRow[] = Object.values(STAGES);
const processes: readonly StageRow[] = [...rows, ...Object.values(WORKERS)];

const settingsOf = async ({ folder }: StageRow): Promise<Settings> =>
  (await import(join(PROJECT, 'services', folder, 'config.ts'))).SETTINGS;
const metricsOf = async ({ folder }: StageRow): Promise<MetricDeclarations> =>
  (await import(join(PROJECT, 'services', folder, 'metrics.ts'))).METRICS;

const allSettings: readonly Setting<unknown>[] = [
  PLATFORM_SETTINGS,
  ...(await Promise.all(processes.map(settingsOf))),
].flatMap((settings) => Object.values<Setting<unknown>>(settings));

describe('the default settings', () => {
  it('the default settings give each stage its own port', () => {
    assert.equal(new Set(rows.map(({ port }) => port)).size, rows.length);
  });

  it('the default settings point each stage to the default addresses of the stages that it calls', () => {
    const addresses = new Map(rows.map((row) => [urlVariable(row.name), defaultUrl(row)]));
    const peers = allSettings.filter(({ variable }) => addresses.has(variable));
    assert.ok(peers.length > 0);
    for (const { variable, fallback } of peers) {
      assert.deepEqual([fallback].flat(), [addresses.get(variable)], variable);
    }
    const servers = new Set<unknown>(Object.values(PLATFORM_SETTINGS));
    for (const setting of allSettings) {
      if (servers.has(setting) || !/127\.0\.0\.1|localhost/.test(setting.fallbackText)) continue;
      assert.ok(addresses.has(setting.variable), `${setting.variable} is the address of no stage`);
    }
  });
});

describe('the declarations of settings and metrics', () => {
  it('the declarations contain each variable once, also if several stages read it', () => {
    const declared = new Map<string, Setting<unknown>>();
    for (const setting of allSettings) {
      assert.equal(declared.get(setting.variable) ?? setting, setting, setting.variable);
      declared.set(setting.variable, setting);
    }
  });

  it('the declarations contain each metric name once', async () => {
    const metrics = [METRICS, ...(await Promise.all(rows.map(metricsOf)))];
    const names = metrics.flatMap((declared) => Object.values(declared).map(({ name }) => name));
    assert.deepEqual(
      names.filter((name, place) => names.indexOf(name) !== place),
      [],
    );
    for (const name of names) assert.match(name, /^tributary_[a-z_]+$/);
  });

  it('the declarations can be imported without an environment, a server or a side effect', () => {
    const files = [
      ...processes.map(({ folder }) => `services/${folder}/config.ts`),
      ...rows.map(({ folder }) => `services/${folder}/metrics.ts`),
    ];
    const imports = files.map((file) => `await import(${JSON.stringify(join(PROJECT, file))});`).join('\n');
    const output = execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', imports], {
      env: {},
      encoding: 'utf8',
      timeout: 60_000,
    });
    assert.equal(output, '');
  });
});
