/** Applies the installations to an API server, in namespaces in which no pod may start. */
import type { DataMap } from '../render/merge.ts';
import { objectName } from '../render/render.ts';
import { KubectlError, kubectl } from './cluster/kubectl.ts';

/** What an installation consists of. */
export interface Installation {
  /** Such as `chart production`. */
  readonly name: string;
  readonly objects: readonly DataMap[];
}

export interface ServerFindings {
  /** Objects that the API server took. */
  readonly applied: number;
  /** What the API server said about others. */
  readonly rejected: readonly string[];
  /** Objects that a second, equal apply changed. */
  readonly changedOnSecondApply: readonly string[];
}

const MANAGER = 'tributary-verify';

/**
 * Installs the definitions of custom resources, and applies every installation twice, server-side, as whoever installs it does. A quota
 * keeps their pods away, so that nothing runs; the namespaces are deleted again.
 */
export async function applyToServer(
  installations: readonly Installation[],
  definitions: readonly DataMap[],
): Promise<ServerFindings> {
  await apply('default', definitions);
  await kubectl([
    'wait',
    '--for=condition=Established',
    'customresourcedefinition',
    '--all',
    '--timeout=120s',
  ]);
  const findings = { applied: 0, rejected: [] as string[], changedOnSecondApply: [] as string[] };
  for (const { name, objects } of installations) {
    const namespace = `verify-${name.replaceAll(' ', '-')}`;
    const moved = objects.map((object) => movedTo(namespace, object));
    const others = moved.filter(({ kind }) => kind !== 'Namespace');
    const spaces = moved.filter(({ kind }) => kind === 'Namespace');
    try {
      await apply(namespace, spaces.length > 0 ? spaces : [namespaceOf(namespace)]);
      await apply(namespace, [quotaOf(namespace)]);
      const rejected = await rejections(namespace, others);
      findings.rejected.push(...rejected.map((line) => `${name}: ${line}`));
      findings.applied += objects.length - rejected.length;
      if (rejected.length > 0) continue;
      const before = await specificationsOf(namespace, others);
      await apply(namespace, others);
      const after = await specificationsOf(namespace, others);
      const changed = [...after.keys()].filter((key) => after.get(key) !== before.get(key));
      findings.changedOnSecondApply.push(...changed.map((key) => `${name}: ${key}`));
    } finally {
      await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
    }
  }
  return findings;
}

/** Returns an object in another namespace. */
export function movedTo(namespace: string, object: DataMap): DataMap {
  const metadata = object.metadata as DataMap;
  if (object.kind === 'Namespace') return { ...object, metadata: { ...metadata, name: namespace } };
  return { ...object, metadata: { ...metadata, namespace } };
}

function namespaceOf(name: string): DataMap {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function quotaOf(namespace: string): DataMap {
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { name: 'no-pods', namespace },
    spec: { hard: { pods: '0' } },
  };
}

const textOf = (objects: readonly DataMap[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n');

function apply(namespace: string, objects: readonly DataMap[]): Promise<string> {
  const options = ['--server-side', '--force-conflicts', `--field-manager=${MANAGER}`, '--filename', '-'];
  return kubectl(['--namespace', namespace, 'apply', ...options], textOf(objects));
}

/** Applies objects. @returns what the API server said of those that it did not take */
async function rejections(namespace: string, objects: readonly DataMap[]): Promise<string[]> {
  try {
    await apply(namespace, objects);
    return [];
  } catch (error) {
    if (!(error instanceof KubectlError)) throw error;
    return error.message.split('\n').filter((line) => line !== '' && !line.startsWith('Warning:'));
  }
}

/** What the API server holds of each object, without its state. */
async function specificationsOf(
  namespace: string,
  objects: readonly DataMap[],
): Promise<Map<string, string>> {
  const args = ['--namespace', namespace, 'get', '--filename', '-', '--output', 'json'];
  const { items } = JSON.parse(await kubectl(args, textOf(objects))) as { items: DataMap[] };
  return new Map(
    items.map(({ metadata, status: _, ...rest }) => {
      const { labels, annotations, generation } = metadata as DataMap;
      const key = `${String(rest.kind)} ${objectName({ metadata: metadata! })}`;
      return [key, JSON.stringify({ labels, annotations, generation, ...rest })];
    }),
  );
}
