/** The facts about a stage that are known before it runs. */
export interface StageRow {
  /** Name in logs, metrics and consumer groups. */
  readonly name: string;
  /** Folder below services/. */
  readonly folder: string;
  /** Port that it listens on unless TRIBUTARY_STAGE_PORT says otherwise; 0 takes a free one. */
  readonly port: number;
  /** Most MiB of JavaScript heap. */
  readonly heapMiB: number;
}

/** Stages hold little on the heap: vectors and graphs lie beside it. */
const HEAP_MIB = 512;

function stage(name: string, port: number, heapMiB: number = HEAP_MIB): StageRow {
  return { name, folder: name, port, heapMiB };
}

/** The stages, in the order of the data's path. A new stage has its row here, its folder, and its row in services/README.md. */
export const STAGES = {
  gateway: stage('gateway', 7000),
  interests: stage('interests', 7001),
  index: stage('index', 7002),
  propose: stage('propose', 7003),
  rerank: stage('rerank', 7004),
  feedback: stage('feedback', 7005),
  // The graph of all items and the batches of a training are on the heap.
  retrain: stage('retrain', 7006, 2_048),
} as const;

/** Processes that a stage starts, or that run elsewhere on its behalf. There may be several on one host, so they take free ports. */
export const WORKERS = {
  inference: {
    name: 'inference-worker',
    folder: 'retrain/inference',
    port: 0,
    heapMiB: HEAP_MIB,
  },
} as const satisfies Readonly<Record<string, StageRow>>;

/** The stages by their names. */
export const STAGE_NAMES: readonly string[] = Object.keys(STAGES);

/** Returns the base address of a stage on this host that listens on its default port. */
export function defaultUrl({ port }: StageRow): string {
  return localUrl(port);
}

/** Returns the base address of a stage on this host. */
export function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Returns the variable that holds the address of a stage, such as TRIBUTARY_INDEX_URL. */
export function urlVariable(name: string): string {
  return `TRIBUTARY_${name.toUpperCase().replaceAll('-', '_')}_URL`;
}
