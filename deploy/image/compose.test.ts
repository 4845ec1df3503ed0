import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { PLATFORM_SETTINGS } from '#platform/config.ts';
import { STAGE_NAMES, STAGES, urlVariable } from '#stages/stages.ts';
import project from '../../package.json' with { type: 'json' };
import { allSettings, stageCalls } from '../kubernetes/rules/setting-rules.ts';
import { BASE_SETTINGS } from '../kubernetes/source/base.ts';
import { OVERLAYS } from '../kubernetes/source/overlays.ts';
import { PROJECT } from '../local/parts.mjs';

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly [key: string]: unknown;
}

const compose = parse(readFileSync(join(PROJECT, 'deploy/compose.yaml'), 'utf8'), { merge: true }) as {
  services: Readonly<Record<string, Service>>;
  volumes: Readonly<Record<string, unknown>>;
  [key: string]: unknown;
};

/** What the Compose specification calls so, as far as the file uses it, with the type of each value. */
const TOP_KEYS = ['name', 'services', 'volumes'];
const SERVICE_KEYS: Readonly<Record<string, (value: unknown) => boolean>> = {
  image: isText,
  build: isMap,
  command: isTexts,
  environment: isMap,
  depends_on: isMap,
  healthcheck: isMap,
  volumes: isTexts,
  ports: isTexts,
  restart: (value) => /^(no|always|unless-stopped|on-failure(:\d+)?)$/.test(String(value)),
  stop_grace_period: (value) => /^\d+s$/.test(String(value)),
  read_only: (value) => typeof value === 'boolean',
  tmpfs: isTexts,
  cap_drop: isTexts,
  security_opt: isTexts,
};
const HEALTH_KEYS = ['test', 'interval', 'timeout', 'retries', 'start_period'];
/** What differs from the overlay `local`, whose pods have other sizes. */
const OF_KUBERNETES = new Set([
  'TRIBUTARY_LOG_LEVEL',
  'TRIBUTARY_START_PATIENCE_MS',
  'TRIBUTARY_FAREWELL_MS',
  'TRIBUTARY_RETRAIN_ITEMS_MAXIMUM',
  'TRIBUTARY_HOT_USERS_MIB',
]);

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}
function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

describe('compose.yaml', () => {
  it('compose.yaml has only keys of the Compose specification, with values of their types', () => {
    const top = Object.keys(compose).filter((key) => !key.startsWith('x-'));
    assert.deepEqual(top.sort(), [...TOP_KEYS].sort());
    for (const [name, service] of Object.entries(compose.services)) {
      for (const [key, value] of Object.entries(service))
        assert.ok(SERVICE_KEYS[key]?.(value), `${name}.${key}: ${JSON.stringify(value)}`);
      for (const key of Object.keys(service.healthcheck ?? {})) assert.ok(HEALTH_KEYS.includes(key), key);
      for (const [variable, value] of Object.entries(service.environment ?? {}))
        assert.ok(['string', 'number'].includes(typeof value), `${name}: ${variable} is a ${typeof value}`);
    }
  });

  it('what a service waits for exists, is checked, or ends', () => {
    for (const [name, { depends_on: waits = {}, volumes = [] }] of Object.entries(compose.services)) {
      for (const [other, { condition }] of Object.entries(waits)) {
        const target = compose.services[other];
        assert.ok(target, `${name} waits for ${other}`);
        if (condition === 'service_healthy') assert.ok(target.healthcheck, `${other} has a health check`);
        else assert.equal(condition, 'service_completed_successfully');
      }
      for (const volume of volumes) assert.ok(Object.hasOwn(compose.volumes, volume.split(':')[0]!), volume);
    }
  });

  it('compose.yaml has every stage, each from the image of this version', () => {
    for (const name of STAGE_NAMES) {
      const { image = '', command } = compose.services[name] ?? {};
      assert.deepEqual(command, [name]);
      assert.equal(image, `tributary${name === 'retrain' ? '-training' : ''}:${project.version}`);
    }
    assert.deepEqual(compose.services.gateway?.ports, [`${STAGES.gateway.port}:${STAGES.gateway.port}`]);
  });

  it('compose.yaml names only settings that exist, with values that the stages accept', async () => {
    const settings = await allSettings();
    for (const name of [...STAGE_NAMES, 'topics']) {
      for (const [variable, value] of Object.entries(compose.services[name]?.environment ?? {})) {
        assert.notEqual(settings.get(variable)?.parse(value), undefined, variable);
      }
    }
  });

  it('a stage finds each stage that it calls', async () => {
    for (const { caller, called } of await stageCalls()) {
      const address = compose.services[caller]?.environment?.[urlVariable(called)];
      assert.equal(address, `http://${called}:${STAGES[called as keyof typeof STAGES].port}`, caller);
    }
  });

  it('the stages have the settings of the overlay local', () => {
    const { settings = {}, components } = OVERLAYS.find(({ name }) => name === 'local')!;
    const all: Record<string, string> = { ...BASE_SETTINGS, ...settings };
    for (const component of components) Object.assign(all, component.settings);
    const own = compose.services.interests?.environment ?? {};
    for (const variable of new Set([...Object.keys(all), ...Object.keys(own)])) {
      if (OF_KUBERNETES.has(variable)) continue;
      assert.equal(withoutPods(own[variable]), withoutPods(all[variable]), variable);
    }
  });

  it('a stage has more time to end than it takes to drain', () => {
    const drainSeconds = PLATFORM_SETTINGS.drainDeadlineMs.fallback! / 1_000;
    for (const name of STAGE_NAMES)
      assert.ok(Number.parseInt(compose.services[name]?.stop_grace_period ?? '0', 10) > drainSeconds, name);
  });
});

/** Kubernetes names the pods of Kafka, Compose its one container. */
function withoutPods(address: string | undefined): string | undefined {
  return address?.replaceAll(/kafka-\d+\.kafka-pods/g, 'kafka');
}
