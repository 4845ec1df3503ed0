/** The Helm chart, which renders the same objects as the overlays of kustomize. */
import project from '../../../package.json' with { type: 'json' };
import { BASE_FILES, BASE_SETTINGS, NAMESPACE } from './base.ts';
import type { Files } from './kustomize.ts';
import { isManifest, type Manifest, type Node, type Scalar, valuesIn } from './manifest.ts';
import { COMPONENTS, OVERLAYS, type Overlay } from './overlays.ts';
import { within, writeDocuments, writeYaml } from './yaml.ts';

const NAMESPACE_TEMPLATE = `{{- if .Values.createNamespace }}
apiVersion: v1
kind: Namespace
metadata:
  name: {{ .Release.Namespace }}
  labels:
    app.kubernetes.io/part-of: tributary
    pod-security.kubernetes.io/enforce: restricted
    pod-security.kubernetes.io/audit: restricted
    pod-security.kubernetes.io/warn: restricted
{{- end }}
`;

const SETTINGS_TEMPLATE = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  labels:
    app.kubernetes.io/component: settings
    app.kubernetes.io/part-of: tributary
data:
  {{- toYaml .Values.settings | nindent 2 }}
`;

export function chartFiles(): Files {
  const { namespace: _, ...base } = BASE_FILES;
  return {
    'chart/Chart.yaml': writeYaml({
      apiVersion: 'v2',
      name: project.name,
      description: project.description,
      type: 'application',
      version: project.version,
      appVersion: project.version,
      kubeVersion: '>=1.30.0-0',
    }),
    'chart/values.yaml': defaults(),
    ...Object.fromEntries(
      OVERLAYS.map((overlay) => [`chart/values-${overlay.name}.yaml`, valuesOf(overlay)]),
    ),
    'chart/templates/namespace.yaml': NAMESPACE_TEMPLATE,
    'chart/templates/settings.yaml': SETTINGS_TEMPLATE,
    ...Object.fromEntries(
      Object.entries(base).map(([file, manifests]) => [
        `chart/templates/${file}.yaml`,
        writeDocuments(manifests, 'template'),
      ]),
    ),
    ...Object.fromEntries(
      COMPONENTS.flatMap(({ name, files, data }) => {
        const all = { ...files, ...(data === undefined ? {} : { [data.name]: [configMap(data)] }) };
        return Object.entries(all).map(([file, manifests]) => [
          `chart/templates/components/${name}/${file}.yaml`,
          conditional(name, writeDocuments(manifests, 'template')),
        ]);
      }),
    ),
  };
}

function configMap({
  name,
  labels,
  files,
}: {
  name: string;
  labels: Manifest;
  files: Readonly<Record<string, string>>;
}): Manifest {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: files };
}

function conditional(component: string, text: string): string {
  return `${within(`index .Values.components ${JSON.stringify(component)}`, [text.trimEnd()]).join('\n')}\n`;
}

function defaults(): string {
  const manifests = [
    ...Object.values(BASE_FILES),
    ...COMPONENTS.flatMap(({ files }) => Object.values(files)),
  ].flat();
  const tree = treeOf(
    manifests.flatMap((manifest) => valuesIn(manifest)).map((value) => [value.path, value.fallback]),
  );
  return writeYaml({
    '#': 'The defaults. values-local.yaml, values-production.yaml and values-production-external.yaml are the installations that deploy/kubernetes/README.md describes.',
    '#createNamespace':
      'Whether the chart makes its namespace, with the labels by which pods must be restricted.',
    createNamespace: false,
    '#settings': 'Settings of every process, as the READMEs of the stages list them; no secrets.',
    settings: BASE_SETTINGS,
    '#components': 'Further parts of an installation, by their folders in deploy/kubernetes/components.',
    components: Object.fromEntries(COMPONENTS.map(({ name }) => [name, false])),
    ...tree,
  });
}

function valuesOf({ about, components, settings = {}, overrides = {} }: Overlay): string {
  return writeYaml({
    '#': about,
    createNamespace: true,
    settings: Object.assign(
      {},
      ...components.map((component) => component.settings ?? {}),
      settings,
    ) as Manifest,
    components: Object.fromEntries(components.map(({ name }) => [name, true])),
    ...treeOf(Object.entries(overrides)),
  });
}

/** Returns a tree of values out of their paths. */
function treeOf(values: readonly (readonly [string, Scalar])[]): Manifest {
  const tree: Record<string, Node> = {};
  for (const [path, value] of values) {
    const keys = path.split('.');
    let place = tree;
    for (const key of keys.slice(0, -1)) {
      const next = isManifest(place[key]) ? place[key] : {};
      place[key] = next;
      place = next as Record<string, Node>;
    }
    place[keys.at(-1)!] = value;
  }
  return tree;
}

/** Namespace into which the chart is rendered for comparisons. */
export const RELEASE_NAMESPACE = NAMESPACE;
