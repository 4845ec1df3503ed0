/** The types of a manifest before it is written: plain data with comments, and values that an installation may change. */

export type Scalar = string | number | boolean;
export type Node = Scalar | Value | Only | readonly Node[] | Manifest;

/**
 * An object of Kubernetes, or a part of one. A key `#name` holds the comment above the key `name`, and the key `#` the comment
 * above everything.
 */
export interface Manifest {
  readonly [key: string]: Node | undefined;
}

/** A scalar that an overlay or the chart may change. */
export class Value {
  /** Its path in the chart's values, such as `gateway.replicas`. */
  readonly path: string;
  readonly fallback: Scalar;
  /** A component whose presence removes the value, because it decides the value itself. */
  readonly unless: string | undefined;

  constructor(path: string, fallback: Scalar, unless?: string) {
    this.path = path;
    this.fallback = fallback;
    this.unless = unless;
  }
}

/** An entry, or an item of a list, that a component adds: an overlay has it with that component alone. */
export class Only {
  readonly component: string;
  readonly node: Scalar | Manifest;

  constructor(component: string, node: Scalar | Manifest) {
    this.component = component;
    this.node = node;
  }
}

/** The component of what the chart alone has, written as it is. */
export const CHART = '@chart';

/** What an overlay changes, by the paths of values. */
export type Overrides = Readonly<Record<string, Scalar>>;

export function isManifest(node: Node | undefined): node is Manifest {
  return typeof node === 'object' && !Array.isArray(node) && !(node instanceof Value || node instanceof Only);
}

/** Returns the entries that are data, in their order: no comments, and nothing that is undefined. */
export function entriesOf(manifest: Manifest): [string, Node][] {
  return Object.entries(manifest).filter(
    (entry): entry is [string, Node] => !entry[0].startsWith('#') && entry[1] !== undefined,
  );
}

/** Returns every value below a node. */
export function valuesIn(node: Node): Value[] {
  if (node instanceof Value) return [node];
  if (node instanceof Only) return valuesIn(node.node);
  if (Array.isArray(node)) return (node as readonly Node[]).flatMap(valuesIn);
  if (isManifest(node)) return entriesOf(node).flatMap(([, child]) => valuesIn(child));
  return [];
}

/** Returns where a value of the chart stands below a node: `spec.template.spec.containers.0.args.7`. */
export function valuePaths(path: string, node: Node, place = ''): string[] {
  if (node instanceof Value) return node.path === path ? [place] : [];
  if (node instanceof Only) return valuePaths(path, node.node, place);
  const children = Array.isArray(node) ? [...(node as readonly Node[]).entries()] : [];
  return [...children, ...(isManifest(node) ? entriesOf(node) : [])].flatMap(([key, child]) =>
    valuePaths(path, child, place === '' ? String(key) : `${place}.${key}`),
  );
}

/**
 * Returns the part of an object that a patch must name: the leaves that are chosen, and on the way to them the names by which
 * kustomize finds the object and the items of its lists. Undefined if nothing is chosen.
 */
export function patchOf(
  manifest: Manifest,
  choose: (leaf: Value | Only) => Node | undefined,
): Manifest | undefined {
  const { apiVersion, kind, metadata } = manifest;
  const merges = !CUSTOM.test(String(apiVersion));
  const chosen = chosenPart(manifest, choose, merges) as Manifest | undefined;
  if (chosen === undefined) return undefined;
  return { apiVersion, kind, metadata: { name: (metadata as Manifest).name }, ...chosen };
}

/** Kinds that kustomize has no schema of. */
const CUSTOM = /^(keda\.sh|kafka\.strimzi\.io|monitoring\.coreos\.com)\//;

/** @param merges whether kustomize merges the items of lists by their names, and replaces other lists as a whole */
function chosenPart(
  node: Node,
  choose: (leaf: Value | Only) => Node | undefined,
  merges: boolean,
): Node | undefined {
  if (node instanceof Value || node instanceof Only) return choose(node);
  if (Array.isArray(node)) {
    const list = node as readonly Node[];
    const isNamed = list.every(
      (item) => item instanceof Only || (isManifest(item) && item.name !== undefined),
    );
    if (!merges || !isNamed) {
      const isChosen = list.some((item) => chosenPart(item, choose, merges) !== undefined);
      return isChosen ? substituted(list, choose) : undefined;
    }
    const items = list.flatMap((item) => {
      const part = chosenPart(item, choose, merges);
      if (part === undefined) return [];
      return isManifest(item) && isManifest(part) ? [{ name: item.name, ...part }] : [part];
    });
    return items.length === 0 ? undefined : items;
  }
  if (!isManifest(node)) return undefined;
  const parts = entriesOf(node).flatMap(([key, child]) => {
    const part = chosenPart(child, choose, merges);
    return part === undefined ? [] : [[key, part] as const];
  });
  return parts.length === 0 ? undefined : Object.fromEntries(parts);
}

/** Returns the node with what is chosen in the place of its leaves, and the fallbacks of the others. */
function substituted(node: Node, choose: (leaf: Value | Only) => Node | undefined): Node {
  if (node instanceof Value) return choose(node) ?? node.fallback;
  if (Array.isArray(node)) {
    return (node as readonly Node[]).flatMap((item) => {
      const chosen = item instanceof Only ? choose(item) : substituted(item, choose);
      return chosen === undefined ? [] : [chosen];
    });
  }
  if (!isManifest(node)) return node;
  return Object.fromEntries(
    entriesOf(node).flatMap(([key, child]) => {
      const chosen = child instanceof Only ? choose(child) : substituted(child, choose);
      return chosen === undefined ? [] : [[key, chosen] as const];
    }),
  );
}
