/** Compares two renderings of an installation. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { type Data, type DataMap, isMap } from './merge.ts';
import { objectName } from './render.ts';

/** The hash that kustomize appends to the name of a ConfigMap that it generates. */
const HASHED = /^(settings)-[a-z0-9]{10}$/;

/** Returns a sentence for each object that one rendering lacks, or that differs, with the first place of the difference. */
export function differences(
  left: { readonly name: string; readonly objects: readonly DataMap[] },
  right: { readonly name: string; readonly objects: readonly DataMap[] },
): string[] {
  const [lefts, rights] = [byIdentity(left.objects), byIdentity(right.objects)];
  return [...new Set([...lefts.keys(), ...rights.keys()])].flatMap((identity) => {
    const [one, other] = [lefts.get(identity), rights.get(identity)];
    if (one === undefined) return [`${identity} is missing in ${left.name}`];
    if (other === undefined) return [`${identity} is missing in ${right.name}`];
    const place = firstDifference(one, other);
    return place === undefined
      ? []
      : [`${identity} differs between ${left.name} and ${right.name} at ${place}`];
  });
}

function byIdentity(objects: readonly DataMap[]): Map<string, Data> {
  return new Map(
    objects.map((object) => {
      const canonical = canonicalForm(object, '') as DataMap;
      return [`${String(object.kind)} ${objectName(canonical)}`, canonical];
    }),
  );
}

/**
 * Leaves out what may differ without a difference for the cluster: the order of named lists, the namespace (the chart leaves it
 * to Helm), the hash in the name of the settings, and the checksum by which the chart replaces that hash.
 */
function canonicalForm(value: Data, key: string): Data {
  if (typeof value === 'string') return value.replace(HASHED, '$1');
  if (Array.isArray(value)) {
    const items = value.map((item) => canonicalForm(item, ''));
    return items.every((item) => isMap(item) && (item.name ?? item.mountPath) !== undefined)
      ? items.toSorted((a, b) => sortKey(a as DataMap).localeCompare(sortKey(b as DataMap)))
      : items;
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value)
    .filter(([name, child]) => !isLeftOut(key, name, child))
    .map(([name, child]) => [name, canonicalForm(child, name)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

function isLeftOut(parent: string, name: string, child: Data): boolean {
  if (parent === 'metadata' && name === 'namespace') return true;
  if (name !== 'annotations' || !isMap(child)) return false;
  return Object.keys(child).every((annotation) => annotation === 'checksum/settings');
}

function sortKey({ name, mountPath }: DataMap): string {
  return `${String(name)} ${String(mountPath)}`;
}

function firstDifference(left: Data, right: Data, path = ''): string | undefined {
  if (isDeepStrictEqual(left, right)) return undefined;
  if (isMap(left) && isMap(right)) {
    for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
      const found = firstDifference(left[key] as Data, right[key] as Data, `${path}.${key}`);
      if (found !== undefined) return found;
    }
  }
  if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
    for (const [at, item] of left.entries()) {
      const found = firstDifference(item, right[at]!, `${path}[${at}]`);
      if (found !== undefined) return found;
    }
  }
  return `${path || 'the object'} (${shown(left)} and ${shown(right)})`;
}

function shown(value: Data | undefined): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
