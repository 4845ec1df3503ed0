/** The files of kustomize: base, components and overlays. */
import { BASE_FILES, BASE_SETTINGS, NAMESPACE, SETTINGS_LABELS } from './base.ts';
import type { Component } from './components/component.ts';
import { type Manifest, Only, patchOf, Value, valuePaths } from './manifest.ts';
import { COMPONENTS, OVERLAYS, type Overlay } from './overlays.ts';
import { STRIMZI } from './stage.ts';
import { USER_PARTITIONS_PATH } from './user-partitions.ts';
import { writeDocuments, writeYaml } from './yaml.ts';

/** Texts by their paths below deploy/kubernetes. */
export type Files = Readonly<Record<string, string>>;

const SETTINGS_FILE = 'settings.env';
const PATCHES_FILE = 'patches.yaml';
/** Component of kustomize alone, and the ConfigMap that it reads. */
const PARTITIONS_NAME = 'user-partitions';

export function kustomizeFiles(): Files {
  return Object.assign(
    {},
    baseFiles(),
    ...COMPONENTS.map(componentFiles),
    ...OVERLAYS.map(overlayFiles),
    partitionsFiles(),
  ) as Files;
}

function kustomization(kind: 'Kustomization' | 'Component', about: string, content: Manifest): string {
  const version = kind === 'Component' ? 'v1alpha1' : 'v1beta1';
  return writeYaml({ '#': about, apiVersion: `kustomize.config.k8s.io/${version}`, kind, ...content });
}

function baseFiles(): Files {
  const names = Object.keys(BASE_FILES);
  return {
    'base/kustomization.yaml': kustomization(
      'Kustomization',
      'What every installation has: the stages, and the Job that prepares the topics.',
      {
        resources: names.map((name) => `${name}.yaml`),
        '#configMapGenerator':
          'The settings of every process, as the READMEs of the stages list them. Overlays merge theirs into this ConfigMap.',
        configMapGenerator: [
          { name: 'settings', envs: [SETTINGS_FILE], options: { labels: SETTINGS_LABELS } },
        ],
      },
    ),
    [`base/${SETTINGS_FILE}`]: settingsFile(BASE_SETTINGS),
    ...Object.fromEntries(names.map((name) => [`base/${name}.yaml`, writeDocuments(BASE_FILES[name]!)])),
  };
}

function componentFiles(component: Component): Files {
  const { name, about, files, settings, data } = component;
  const folder = `components/${name}`;
  const generators: Manifest[] = [
    ...(settings === undefined ? [] : [{ name: 'settings', behavior: 'merge', envs: [SETTINGS_FILE] }]),
    ...(data === undefined
      ? []
      : [
          {
            name: data.name,
            files: Object.keys(data.files).map((file) => `${data.folder}/${file}`),
            options: { disableNameSuffixHash: true, labels: data.labels },
          },
        ]),
  ];
  return {
    [`${folder}/kustomization.yaml`]: kustomization('Component', about, {
      resources: Object.keys(files).map((file) => `${file}.yaml`),
      ...(generators.length === 0 ? {} : { configMapGenerator: generators }),
      ...(unscaled(name).length === 0
        ? {}
        : { '#patches': 'The component decides the number of replicas.', patches: unscaled(name) }),
    }),
    ...(settings === undefined ? {} : { [`${folder}/${SETTINGS_FILE}`]: settingsFile(settings) }),
    ...Object.fromEntries(
      Object.entries(files).map(([file, manifests]) => [`${folder}/${file}.yaml`, writeDocuments(manifests)]),
    ),
    ...besideStrimzi(component),
    ...Object.fromEntries(
      Object.entries(data?.files ?? {}).map(([file, text]) => [`${folder}/${data!.folder}/${file}`, text]),
    ),
  };
}

/** The component that writes the number of partitions wherever it stands. In the chart it is one value. */
function partitionsFiles(): Files {
  const everything = [
    ...Object.values(BASE_FILES),
    ...COMPONENTS.flatMap(({ files }) => Object.values(files)),
  ].flat();
  const targets = everything.flatMap((manifest) => {
    const fieldPaths = valuePaths(USER_PARTITIONS_PATH, manifest);
    const { name } = manifest.metadata as Manifest;
    return fieldPaths.length === 0 ? [] : [{ select: { kind: manifest.kind, name }, fieldPaths }];
  });
  return {
    [`components/${PARTITIONS_NAME}/kustomization.yaml`]: kustomization(
      'Component',
      `The partitions of the topics keyed by user: the number \`count\` of the ConfigMap ${PARTITIONS_NAME}, which your overlay generates. It is chosen when the topics are created.`,
      {
        replacements: [
          { source: { kind: 'ConfigMap', name: PARTITIONS_NAME, fieldPath: 'data.count' }, targets },
        ],
      },
    ),
  };
}

/** Returns, for a component that no overlay has, the patch that an overlay with the other component needs. */
function besideStrimzi({ name, files }: Component): Files {
  if (OVERLAYS.some(({ components }) => components.some((one) => one.name === name))) return {};
  const patches = Object.values(files)
    .flat()
    .flatMap((manifest) => {
      const patch = patchOf(manifest, (leaf) =>
        leaf instanceof Only && leaf.component === STRIMZI ? leaf.node : undefined,
      );
      return patch === undefined ? [] : [patch];
    });
  if (patches.length === 0) return {};
  const about = `What an overlay with the component ${STRIMZI} names among its patches, beside this component.`;
  return { [`components/${name}/with-${STRIMZI}.yaml`]: writeDocuments([{ '#': about, ...patches[0]! }]) };
}

/** Returns the patches that remove what a component decides itself. */
function unscaled(component: string): Manifest[] {
  return Object.values(BASE_FILES)
    .flat()
    .filter((manifest) =>
      patchOf(manifest, (leaf) => (leaf instanceof Value && leaf.unless === component ? leaf : undefined)),
    )
    .map(({ kind, metadata }) => ({
      target: { kind, name: (metadata as Manifest).name },
      patch: '- op: remove\n  path: /spec/replicas\n',
    }));
}

function overlayFiles(overlay: Overlay): Files {
  const { name, about, settings = {} } = overlay;
  const folder = `overlays/${name}`;
  const patches = patchesOf(overlay);
  return {
    [`${folder}/kustomization.yaml`]: kustomization('Kustomization', about, {
      namespace: NAMESPACE,
      resources: ['../../base'],
      components: overlay.components.map((component) => `../../components/${component.name}`),
      configMapGenerator: [{ name: 'settings', behavior: 'merge', envs: [SETTINGS_FILE] }],
      ...(patches.length === 0 ? {} : { patches: [{ path: PATCHES_FILE }] }),
    }),
    [`${folder}/${SETTINGS_FILE}`]: settingsFile(settings),
    ...(patches.length === 0 ? {} : { [`${folder}/${PATCHES_FILE}`]: writeDocuments(patches) }),
  };
}

/** Returns what an overlay changes in base and components, and what its components add to each other. */
function patchesOf({ components, overrides = {} }: Overlay): Manifest[] {
  const active = new Set(components.map(({ name }) => name));
  const manifests = [
    ...Object.values(BASE_FILES),
    ...components.flatMap(({ files }) => Object.values(files)),
  ].flat();
  const patches = manifests.flatMap((manifest) => {
    const patch = patchOf(manifest, (leaf) => {
      if (leaf instanceof Only) return active.has(leaf.component) ? leaf.node : undefined;
      return leaf.unless !== undefined && active.has(leaf.unless) ? undefined : overrides[leaf.path];
    });
    return patch === undefined ? [] : [patch];
  });
  const about =
    'What this installation changes: sizes, replicas, addresses, and what its components need of each other.';
  return patches.map((patch, at) => (at === 0 ? { '#': about, ...patch } : patch));
}

function settingsFile(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}
