/** Reads the parts of objects that rules look at. Pure. */
import { type Data, type DataMap, isMap } from '../render/merge.ts';
import { objectName } from '../render/render.ts';

/** A rule returns a sentence for each breach. */
export type Rule = (objects: readonly DataMap[]) => string[];

const WITH_PODS = ['Deployment', 'StatefulSet', 'Job', 'CronJob'];
export const JOBS: readonly string[] = ['Job', 'CronJob'];

export interface PodSource {
  /** Such as `Deployment gateway`. */
  readonly title: string;
  readonly kind: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly pod: DataMap;
  readonly containers: readonly DataMap[];
  readonly replicas: number;
}

/** Returns what makes pods. */
export function podSources(objects: readonly DataMap[]): PodSource[] {
  return objects
    .filter(({ kind }) => WITH_PODS.includes(String(kind)))
    .map((object) => {
      const spec = object.kind === 'CronJob' ? at(object, 'spec', 'jobTemplate', 'spec') : object.spec;
      const template = at(spec, 'template') as DataMap;
      const pod = template.spec as DataMap;
      return {
        title: `${String(object.kind)} ${objectName(object)}`,
        kind: String(object.kind),
        name: objectName(object),
        labels: at(template, 'metadata', 'labels') as Record<string, string>,
        pod,
        containers: pod.containers as DataMap[],
        replicas: Number(at(object, 'spec', 'replicas') ?? 1),
      };
    });
}

/** Returns the objects of a kind. */
export function ofKind(objects: readonly DataMap[], kind: string): DataMap[] {
  return objects.filter((object) => object.kind === kind);
}

/** Returns the value at a path; undefined if a part of the path is missing. */
export function at(value: Data | undefined, ...path: readonly (string | number)[]): Data | undefined {
  return path.reduce<Data | undefined>((place, key) => {
    if (Array.isArray(place)) return place[Number(key)];
    return isMap(place) ? place[key] : undefined;
  }, value);
}

/** Returns whether a selector by `matchLabels` selects pods with these labels. */
export function selects(selector: Data | undefined, labels: Readonly<Record<string, string>>): boolean {
  return isMap(selector) && Object.entries(selector).every(([key, value]) => labels[key] === value);
}

const UNITS: Readonly<Record<string, number>> = { m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** Returns a quantity as cores or bytes; NaN for a text that is none. */
export function quantity(text: Data | undefined): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi)?$/.exec(String(text)) ?? [];
  return digits === undefined ? Number.NaN : Number(digits) * (UNITS[unit] ?? 1);
}
