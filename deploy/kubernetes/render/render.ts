/**
 * Renders an overlay from its files, as far as the overlays here use kustomize. It makes the checks of the manifests a unit
 * test, which needs no tool; `npm run verify:kubernetes` compares it with kustomize.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { type Data, type DataMap, isMap, strategicMerge } from './merge.ts';

interface Generator {
  readonly name: string;
  readonly behavior?: string;
  readonly envs?: readonly string[];
  readonly files?: readonly string[];
  /** Such as `count=12`. */
  readonly literals?: readonly string[];
  readonly options?: { readonly disableNameSuffixHash?: boolean; readonly labels?: DataMap };
}

interface Patch {
  readonly path?: string;
  readonly target?: { readonly kind: string; readonly name: string };
  readonly patch?: string;
}

/** A value of one object that is written into fields of others, which keep their types. */
interface Replacement {
  readonly source: { readonly kind: string; readonly name: string; readonly fieldPath: string };
  readonly targets: readonly {
    readonly select: { readonly kind: string; readonly name: string };
    /** Keys and positions, such as `containers.0.args.7`. */
    readonly fieldPaths: readonly string[];
  }[];
}

interface Kustomization {
  readonly namespace?: string;
  readonly resources?: readonly string[];
  readonly components?: readonly string[];
  readonly configMapGenerator?: readonly Generator[];
  readonly patches?: readonly Patch[];
  readonly replacements?: readonly Replacement[];
}

const KNOWN = [
  ...['apiVersion', 'kind', 'namespace', 'resources', 'components', 'configMapGenerator', 'patches'],
  'replacements',
];
/** Kinds that belong to no namespace. */
const OF_THE_CLUSTER = ['Namespace'];

/**
 * Returns the objects of the kustomization in a folder; names of ConfigMaps have no hash.
 * @throws Error for a part of kustomize that this function does not know, or a patch without a target
 */
export function renderOverlay(folder: string): DataMap[] {
  return apply([], folder);
}

function apply(given: readonly DataMap[], folder: string): DataMap[] {
  const kustomization = readKustomization(folder);
  let objects = [...given];
  for (const resource of kustomization.resources ?? []) {
    objects.push(
      ...(resource.endsWith('.yaml')
        ? readObjects(join(folder, resource))
        : renderOverlay(join(folder, resource))),
    );
  }
  for (const generator of kustomization.configMapGenerator ?? [])
    objects = generate(objects, generator, folder);
  for (const component of kustomization.components ?? []) objects = apply(objects, join(folder, component));
  for (const patch of kustomization.patches ?? []) objects = patched(objects, patch, folder);
  for (const replacement of kustomization.replacements ?? []) objects = replaced(objects, replacement);
  const { namespace } = kustomization;
  return namespace === undefined ? objects : objects.map((object) => inNamespace(object, namespace));
}

function readKustomization(folder: string): Kustomization {
  const path = join(folder, 'kustomization.yaml');
  const content = parse(readFileSync(path, 'utf8')) as Kustomization;
  const unknown = Object.keys(content).filter((key) => !KNOWN.includes(key));
  if (unknown.length > 0) throw new Error(`${path} has ${unknown.join(', ')}, which render.ts does not know`);
  return content;
}

/** Returns the documents of a file. */
export function readObjects(path: string): DataMap[] {
  return objectsIn(readFileSync(path, 'utf8'), path);
}

/** Returns the documents of a text, without empty ones. @throws Error that names the text */
export function objectsIn(text: string, name: string): DataMap[] {
  return parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => {
    if (document.errors.length > 0) throw new Error(`${name}: ${document.errors[0]!.message}`);
    const object = document.toJS() as Data;
    return isMap(object) ? [object] : [];
  });
}

function generate(objects: readonly DataMap[], generator: Generator, folder: string): DataMap[] {
  const { name, behavior, envs = [], files = [], literals = [], options } = generator;
  const data: DataMap = {
    ...Object.assign({}, ...envs.map((file) => readEnv(readFileSync(join(folder, file), 'utf8')))),
    ...readEnv(literals.join('\n')),
    ...Object.fromEntries(files.map((file) => [basename(file), readFileSync(join(folder, file), 'utf8')])),
  };
  const isOld = (object: DataMap): boolean => object.kind === 'ConfigMap' && objectName(object) === name;
  if (behavior !== 'merge') {
    const labels = options?.labels;
    const metadata = { name, ...(labels === undefined ? {} : { labels }) };
    return [...objects, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }];
  }
  if (!objects.some(isOld))
    throw new Error(`${dirname(join(folder, '.'))}: no ConfigMap ${name} to merge into`);
  return objects.map((object) =>
    isOld(object) ? { ...object, data: { ...(object.data as DataMap), ...data } } : object,
  );
}

function readEnv(text: string): Record<string, string> {
  const lines = text.split('\n');
  const entries = lines.filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    entries.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

function patched(objects: readonly DataMap[], { path, target, patch }: Patch, folder: string): DataMap[] {
  if (path !== undefined) return readObjects(join(folder, path)).reduce<DataMap[]>(mergeOne, [...objects]);
  const operations = parse(patch ?? '') as { op: string; path: string }[];
  return objects.map((object) => {
    if (target === undefined || object.kind !== target.kind || objectName(object) !== target.name)
      return object;
    return operations.reduce(removed, object);
  });
}

function mergeOne(objects: DataMap[], patch: DataMap): DataMap[] {
  const at = objects.findIndex((one) => one.kind === patch.kind && objectName(one) === objectName(patch));
  if (at === -1)
    throw new Error(`a patch changes ${String(patch.kind)} ${objectName(patch)}, which does not exist`);
  return objects.with(at, strategicMerge(objects[at]!, patch));
}

function removed(object: DataMap, { op, path }: { op: string; path: string }): DataMap {
  if (op !== 'remove') throw new Error(`render.ts does not know the operation ${op}`);
  const copy = structuredClone(object);
  const keys = path.split('/').slice(1);
  const place = keys.slice(0, -1).reduce<DataMap>((map, key) => map[key] as DataMap, copy);
  delete place[keys.at(-1)!];
  return copy;
}

function replaced(objects: readonly DataMap[], { source, targets }: Replacement): DataMap[] {
  const from = objects.find((one) => one.kind === source.kind && objectName(one) === source.name);
  const value = source.fieldPath.split('.').reduce<Data | undefined>(childOf, from);
  if (value === undefined) throw new Error(`${source.kind} ${source.name} has no ${source.fieldPath}`);
  return objects.map((object) => {
    const fields = targets
      .filter(({ select }) => object.kind === select.kind && objectName(object) === select.name)
      .flatMap(({ fieldPaths }) => fieldPaths);
    return fields.reduce((one, path) => withField(one, path, String(value)), object);
  });
}

function childOf(place: Data | undefined, key: string): Data | undefined {
  if (Array.isArray(place)) return place[Number(key)];
  return isMap(place) ? place[key] : undefined;
}

function withField(object: DataMap, path: string, text: string): DataMap {
  const copy = structuredClone(object);
  const keys = path.split('.');
  const place = keys.slice(0, -1).reduce<Data | undefined>(childOf, copy) as DataMap | undefined;
  const before = childOf(place, keys.at(-1)!);
  if (before === undefined) throw new Error(`${String(object.kind)} ${objectName(object)} has no ${path}`);
  place![keys.at(-1)!] = typeof before === 'number' ? Number(text) : text;
  return copy;
}

function inNamespace(object: DataMap, namespace: string): DataMap {
  if (OF_THE_CLUSTER.includes(String(object.kind))) return object;
  return { ...object, metadata: { ...(object.metadata as DataMap), namespace } };
}

export function objectName(object: DataMap): string {
  return String((object.metadata as DataMap).name);
}
