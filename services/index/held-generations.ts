import type { Logger } from 'pino';
import type { ServedGeneration } from './graph-builder.ts';
import type { IndexMetrics } from './metrics.ts';
import type { RefinedGraph } from './refined-graph.ts';

/** Built generations that wait for the other shards. The first may have just taken over elsewhere, so one is too few. */
const UPCOMING_LIMIT = 2;

export interface HeldGenerationsOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  /** Milliseconds that the generation before keeps answering requests which name it. */
  readonly keepRetiredMs: number;
}

/** The generations that answer: the served one, the one before for a while, and those that are about to serve. */
export class HeldGenerations {
  readonly #options: HeldGenerationsOptions;
  #served: ServedGeneration | undefined;
  #previous: ServedGeneration | undefined;
  /** The latest last. */
  #upcoming: ServedGeneration[] = [];
  #building: RefinedGraph | undefined;
  #dropTimer: NodeJS.Timeout | undefined;

  constructor(options: HeldGenerationsOptions) {
    this.#options = options;
  }

  /** What answers when no generation is named. */
  get served(): ServedGeneration | undefined {
    return this.#served;
  }

  find(id: string): ServedGeneration | undefined {
    return this.#answering().find(({ generation }) => generation.id === id);
  }

  ids(): string[] {
    return this.#answering().map(({ generation }) => generation.id);
  }

  /** Whether a graph is being built and none serves yet. */
  get isBuildingFirst(): boolean {
    return this.#served === undefined && this.#building !== undefined;
  }

  /** All graphs that must follow what changes, that of the build under way included. */
  graphs(): RefinedGraph[] {
    const graphs = this.#answering().map(({ refined }) => refined);
    return this.#building === undefined ? graphs : [...graphs, this.#building];
  }

  /** A build begins, or has come to nothing. */
  setBuilding(graph: RefinedGraph | undefined): void {
    this.#building = graph;
  }

  /** The build is done: answers from now on who names its generation. */
  hold(next: ServedGeneration): void {
    // In one step with its end, lest a change be missed in between.
    this.#building = undefined;
    if (this.find(next.generation.id) !== undefined) return;
    this.#upcoming = [...this.#upcoming, next].slice(-UPCOMING_LIMIT);
  }

  /** Requests meet the old generation before the first assignment and the new one after it, never a mixture. */
  flip(next: ServedGeneration): void {
    const { log, metrics, keepRetiredMs } = this.#options;
    const before = this.#served;
    this.#served = next;
    this.#previous = before;
    this.#upcoming = this.#upcoming.filter(({ generation }) => generation.id > next.generation.id);
    clearTimeout(this.#dropTimer);
    this.#dropTimer = setTimeout(() => {
      this.#previous = undefined;
    }, keepRetiredMs).unref();
    metrics.flips.inc();
    this.count();
    log.info({ from: before?.generation.id, to: next.generation.id, items: next.graph.size }, 'flipped');
  }

  /** A rejected generation answers nobody from this moment, even where nothing else can. */
  reject(id: string): void {
    if (this.#served?.generation.id === id) this.#served = undefined;
    if (this.#previous?.generation.id === id) this.#previous = undefined;
    this.giveUp(id);
    this.count();
  }

  /** It is not about to serve any more. */
  giveUp(id: string): void {
    this.#upcoming = this.#upcoming.filter(({ generation }) => generation.id !== id);
  }

  /** Tells the metrics what can be found. */
  count(): void {
    const { items, duplicates } = this.#options.metrics;
    items.set(this.#served?.graph.size ?? 0);
    duplicates.set(this.#served?.refined.duplicateCount ?? 0);
  }

  close(): void {
    clearTimeout(this.#dropTimer);
  }

  #answering(): ServedGeneration[] {
    const held = [this.#served, this.#previous, ...this.#upcoming];
    return held.filter((one) => one !== undefined);
  }
}
