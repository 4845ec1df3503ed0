export const PROJECT: string;
export const DEFAULT_PARTS: readonly PartName[];

/** Where each part is, by its name. */
export interface PartLocations {
  packages: { folder: string };
  hnswlib: { addon: string };
  libtensorflow: { folder: string };
  tensorflow: { addon: string };
  kafka: { java: string; libraries: string };
  registry: { java: string; jar: string };
  redis: { server: string };
  'data:completejourney': { folder: string };
  'data:ml-100k': { folder: string };
  'peer:scipy': { python: string };
  'peer:hnswlib': { python: string };
  'peer:dgl': { python: string };
  'peer:implicit': { python: string };
  'peer:schemathesis': { python: string };
  'peer:obp': { python: string };
  'peer:confluent-kafka': { python: string };
  kustomize: { program: string };
  helm: { program: string };
  'kube-score': { program: string };
  promtool: { program: string };
  'kubernetes-schemas': { folder: string };
  'strimzi-schemas': { folder: string };
}

export type PartName = keyof PartLocations;

export interface BringOptions {
  env?: NodeJS.ProcessEnv;
  /** Say nothing about parts that were ready. */
  quiet?: boolean;
}

/** See parts.mjs. A part that an address in the environment replaces is `undefined`. */
export function bringParts<Name extends PartName>(
  names: readonly Name[],
  options?: BringOptions,
): Promise<{ [Part in Name]: PartLocations[Part] | undefined }>;
