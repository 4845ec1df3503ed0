/** What every installation of a verification has, however it is installed. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { STAGE_NAMES } from '#stages/stages.ts';
import { FEEDBACK_ENV } from '../../../faults/nemesis/world.ts';
import { NAMESPACE_MANIFEST } from '../../source/base.ts';
import { REDIS_PORT } from '../../source/components/redis.ts';
import { REGISTRY } from '../../source/components/registry.ts';
import { SECRETS_PATH } from '../../source/parts.ts';
import { kubectl } from './kubectl.ts';

/** Stages with two pods, so that the loss of one of them leaves another that answers. */
export const TWICE = ['gateway', 'rerank'] as const;

/** The servers of the overlay. */
export const SERVERS = ['kafka', 'redis', 'registry'] as const;

const REGISTRY_URL = REGISTRY.settings!.SCHEMA_REGISTRY_URL!;

const STATEFUL: ReadonlySet<string> = new Set(['index', 'kafka', 'redis']);

/** Settings by which rewards are a function of the log, as in `npm run faults`, and a password of Redis in a file. */
export const SETTINGS: Readonly<Record<string, string>> = {
  ...FEEDBACK_ENV,
  TRIBUTARY_TRENDING_INTERVAL_MS: '1000',
  // The generation is published by the verification.
  TRIBUTARY_RETRAIN_INTERVAL_MS: '0',
  REDIS_URL: '',
  REDIS_URL_FILE: `${SECRETS_PATH}/redis-url`,
};

/** Returns the kind and name of a workload, such as `statefulset/index`. */
export function workloadOf(name: string): string {
  return `${STATEFUL.has(name) ? 'statefulset' : 'deployment'}/${name}`;
}

/** Every workload of the overlay, the servers first. */
export const WORKLOAD_NAMES: readonly string[] = [...SERVERS, ...STAGE_NAMES];

/** Makes the Secret `tributary` with a password of Redis, unless it is there. @returns the password */
export async function ensureSecret(): Promise<string> {
  await kubectl(['apply', '--filename', '-'], JSON.stringify(NAMESPACE_MANIFEST));
  const there = [
    'get',
    'secret',
    'tributary',
    '--ignore-not-found',
    '--output',
    'jsonpath={.data.redis-password}',
  ];
  const held = Buffer.from(await kubectl(there), 'base64').toString();
  if (held !== '') return held;
  const password = randomBytes(24).toString('hex');
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'tributary' },
    stringData: {
      'redis-password': password,
      'redis-url': `redis://:${password}@redis:${REDIS_PORT}`,
      'schema-registry-url': REGISTRY_URL,
    },
  };
  await kubectl(['apply', '--server-side', '--filename', '-'], JSON.stringify(secret));
  return password;
}

const APPLIED = [
  ...['deployments', 'statefulsets', 'services', 'configmaps', 'serviceaccounts'],
  ...['poddisruptionbudgets', 'networkpolicies', 'ingresses'],
];

/** Returns what the API server holds of each object, without its state, by kind and name. */
export async function specifications(): Promise<Map<string, string>> {
  const { items } = JSON.parse(await kubectl(['get', APPLIED.join(), '--output', 'json'])) as {
    items: {
      kind: string;
      metadata: { name: string; labels?: unknown; generation?: number };
      spec?: unknown;
      data?: unknown;
    }[];
  };
  return new Map(
    items.map(({ kind, metadata, spec, data }) => {
      const { name, labels, generation } = metadata;
      return [`${kind} ${name}`, JSON.stringify({ labels, generation, spec, data })];
    }),
  );
}

/** Makes the ConfigMap that the component `history` loads. */
export async function createHistory(folder: string): Promise<void> {
  const files = ['actions', 'items'].map((name) => `--from-file=${join(folder, `${name}.csv.gz`)}`);
  await kubectl(['delete', 'configmap', 'history', '--ignore-not-found']);
  await kubectl(['create', 'configmap', 'history', ...files]);
}

/** Resolves when every replica of a workload is of its newest version and ready. */
export async function rolledOut(name: string): Promise<void> {
  await kubectl(['rollout', 'status', workloadOf(name), '--timeout=600s']);
}

export async function everythingReady(): Promise<void> {
  for (const name of WORKLOAD_NAMES) await rolledOut(name);
}
