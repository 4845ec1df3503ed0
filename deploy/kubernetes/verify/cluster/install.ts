/** Installs the overlay `local` for a verification. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { STAGE_NAMES } from '#stages/stages.ts';
import { FEEDBACK_ENV } from '../../../faults/nemesis/world.ts';
import { PROJECT } from '../../../local/parts.mjs';
import { NAMESPACE, NAMESPACE_MANIFEST } from '../../source/base.ts';
import { SECRETS_PATH } from '../../source/parts.ts';
import { kubectl } from './kubectl.ts';

/** An image in the manifests, and the one that the cluster has in its place. */
export interface Replacement {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
}

/** Stages with two pods, so that the loss of one of them leaves another that answers. */
export const TWICE = ['gateway', 'rerank'] as const;

/** The servers of the overlay. */
export const SERVERS = ['kafka', 'redis', 'registry'] as const;

const STATEFUL: ReadonlySet<string> = new Set(['index', 'kafka', 'redis']);

/** Settings by which rewards are a function of the log, as in `npm run faults`, and a password of Redis in a file. */
const SETTINGS = {
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
    stringData: { 'redis-password': password, 'redis-url': `redis://:${password}@redis:6379` },
  };
  await kubectl(['apply', '--server-side', '--filename', '-'], JSON.stringify(secret));
  return password;
}

/**
 * Applies the overlay `local` with the images that the cluster has.
 * @param components further ones, such as history
 */
export async function applyLocal(
  images: readonly Replacement[],
  components: readonly string[] = [],
): Promise<void> {
  await withOverlay(images, components, (folder) => kubectl(['apply', '--kustomize', folder]));
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

/** Changes the version of an installation, the Job that prepares the topics first, as the README says. */
export async function changeVersion(images: readonly Replacement[]): Promise<void> {
  await withOverlay(images, [], async (folder) => {
    await kubectl(['delete', 'job', 'topics', '--ignore-not-found']);
    const first = ['--selector', 'app.kubernetes.io/component in (settings, job)'];
    await kubectl(['apply', '--kustomize', folder, ...first]);
    await kubectl(['wait', '--for=condition=complete', 'job/topics', '--timeout=600s']);
    await kubectl(['apply', '--kustomize', folder]);
  });
  await everythingReady();
}

async function withOverlay(
  images: readonly Replacement[],
  components: readonly string[],
  use: (folder: string) => Promise<unknown>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-verify-'));
  const place = (path: string): string => relative(folder, join(PROJECT, 'deploy/kubernetes', path));
  const kustomization = {
    namespace: NAMESPACE,
    resources: [place('overlays/local')],
    components: components.map((name) => place(`components/${name}`)),
    images,
    configMapGenerator: [
      {
        name: 'settings',
        behavior: 'merge',
        literals: Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`),
      },
    ],
    patches: TWICE.map((name) => ({
      target: { kind: 'Deployment', name },
      patch: '- { op: replace, path: /spec/replicas, value: 2 }',
    })),
  };
  try {
    writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
