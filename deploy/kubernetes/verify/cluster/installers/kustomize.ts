/** Installs overlays with kubectl. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { PROJECT } from '../../../../local/parts.mjs';
import { BASE_FILES, NAMESPACE } from '../../../source/base.ts';
import { type Manifest, patchOf, Value } from '../../../source/manifest.ts';
import { COMPONENTS, OVERLAYS } from '../../../source/overlays.ts';
import { TOPICS_JOB } from '../../../source/topics-job.ts';
import { SERVERS, SETTINGS, TWICE } from '../install.ts';
import { kubectl } from '../kubectl.ts';
import type { Installer, Replacement } from './installer.ts';

/** The Kafka of `local` has no users, and the address of the registry comes from the Secret. */
const EXTERNAL_SETTINGS = {
  KAFKA_TLS: 'false',
  KAFKA_USERNAME: '',
  KAFKA_PASSWORD_FILE: '',
  SCHEMA_REGISTRY_URL: '',
};

/** Installs the overlay `local`. */
export const LOCAL_INSTALLER: Installer = installerOf({
  isLocal: true,
  compose: (_folder, place) => ({ namespace: NAMESPACE, resources: [place('overlays/local')] }),
});

/**
 * Installs the overlay `production-external` beside Kafka, the registry and Redis of `local`, in whose place it would have others.
 * Pods ask for less CPU, so that two of each stage fit on a small node; operators need not be there.
 */
export const EXTERNAL_INSTALLER: Installer = installerOf({
  isLocal: false,
  settings: EXTERNAL_SETTINGS,
  compose: (folder, place) => {
    mkdirSync(join(folder, 'servers'));
    const inner = (path: string): string => join('..', place(path));
    const servers = {
      resources: [inner('overlays/production-external')],
      components: SERVERS.map((name) => inner(`components/${name}`)),
      patches: [
        ...serverPatches().map((patch) => ({ patch: stringify(patch) })),
        {
          target: { group: 'monitoring.coreos.com' },
          patch: stringify({ kind: 'Any', metadata: { name: 'any' }, $patch: 'delete' }),
        },
        {
          target: { kind: 'Deployment|StatefulSet', labelSelector: 'app.kubernetes.io/component=stage' },
          patch:
            '- { op: replace, path: /spec/template/spec/containers/0/resources/requests/cpu, value: 20m }',
        },
      ],
    };
    writeFileSync(join(folder, 'servers', 'kustomization.yaml'), stringify(servers));
    return { namespace: NAMESPACE, resources: ['servers'] };
  },
});

/** What the overlay `local` changes in its servers and in the Job of the topics. */
function serverPatches(): Manifest[] {
  const { overrides = {} } = OVERLAYS.find(({ name }) => name === 'local')!;
  const servers = COMPONENTS.filter(({ name }) => (SERVERS as readonly string[]).includes(name));
  return [...BASE_FILES[TOPICS_JOB]!, ...servers.flatMap(({ files }) => Object.values(files).flat())].flatMap(
    (manifest) => {
      const patch = patchOf(manifest, (leaf) => (leaf instanceof Value ? overrides[leaf.path] : undefined));
      return patch === undefined ? [] : [patch];
    },
  );
}

interface Composition {
  readonly isLocal: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /**
   * Returns the beginning of a kustomization in a folder, in which it may write others.
   * @param place gives the path of a part of the manifests from that folder
   */
  readonly compose: (folder: string, place: (path: string) => string) => object;
}

function installerOf({ isLocal, settings = {}, compose }: Composition): Installer {
  /** @param use is given the folder of the kustomization */
  const withFolder = async (
    images: readonly Replacement[],
    components: readonly string[],
    use: (folder: string) => Promise<unknown>,
  ): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-verify-'));
    const place = (path: string): string => relative(folder, join(PROJECT, 'deploy/kubernetes', path));
    try {
      const literals = Object.entries({ ...SETTINGS, ...settings }).map(
        ([name, value]) => `${name}=${value}`,
      );
      const kustomization = {
        ...compose(folder, place),
        components: components.map((name) => place(`components/${name}`)),
        images,
        configMapGenerator: [{ name: 'settings', behavior: 'merge', literals }],
        patches: TWICE.map((name) => ({
          target: { kind: 'Deployment', name },
          patch: '- { op: replace, path: /spec/replicas, value: 2 }',
        })),
      };
      writeFileSync(join(folder, 'kustomization.yaml'), stringify(kustomization));
      await use(folder);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  return {
    command: 'kubectl apply',
    isLocal,
    apply: (images, components) =>
      withFolder(images, components, (folder) => kubectl(['apply', '--kustomize', folder])),
    change: (images) =>
      withFolder(images, [], async (folder) => {
        await kubectl(['delete', 'job', 'topics', '--ignore-not-found']);
        const first = ['--selector', 'app.kubernetes.io/component in (settings, job)'];
        await kubectl(['apply', '--kustomize', folder, ...first]);
        await kubectl(['wait', '--for=condition=complete', 'job/topics', '--timeout=600s']);
        await kubectl(['apply', '--kustomize', folder]);
      }),
  };
}
