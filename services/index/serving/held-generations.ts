import type { Logger } from 'pino';
import type { SearchableGeneration } from '../graph/graph-builder.ts';
import type { RefinedGraph } from '../graph/refined-graph.ts';
import type { IndexMetrics } from '../metrics.ts';

/** Built generations that wait for the other shards: two, because the first may have just taken over on shard 0. */
const UPCOMING_LIMIT = 2;

export interface HeldGenerationsOptions {
  readonly log: Logger;
  readonly metrics: IndexMetrics;
  /** Milliseconds that the previous generation keeps answering requests which name it. */
  readonly keepRetiredMs: number;
}

/**
 * The generations that this process answers for. One of them *serves*: it answers requests that name none. The others
 * are *held*, which means that they answer requests that name them: the previous one for a while, and those that are about
 * to serve. The graph under way answers nothing yet, but follows every change like the others.
 */
export class HeldGenerations {
  readonly #options: HeldGenerationsOptions;
  readonly #check: (one: SearchableGeneration) => Promise<void>;
  #checking: Promise<void> | undefined;
  #served: SearchableGeneration | undefined;
  #previous: SearchableGeneration | undefined;
  /** The latest last. */
  #upcoming: SearchableGeneration[] = [];
  #underWay: RefinedGraph | undefined;
  #dropTimer: NodeJS.Timeout | undefined;

  /** @param check measures the recall of a graph again */
  constructor(options: HeldGenerationsOptions, check: (one: SearchableGeneration) => Promise<void>) {
    this.#options = options;
    this.#check = check;
  }

  /** The generation that answers when none is named. */
  get served(): SearchableGeneration | undefined {
    return this.#served;
  }

  /** The generation that answers when it is named. */
  find(id: string): SearchableGeneration | undefined {
    return this.#answering().find(({ generation }) => generation.id === id);
  }

  ids(): string[] {
    return this.#answering().map(({ generation }) => generation.id);
  }

  /** Whether a graph is being built and none serves yet. */
  get isBuildingFirst(): boolean {
    return this.#served === undefined && this.#underWay !== undefined;
  }

  /** Links a row whose vector is new or has changed, in every graph of its generation. */
  put(id: string, row: number): void {
    for (const refined of this.#graphs()) if (refined.generation.id === id) refined.put(row);
    this.#countItems();
    this.#checkIfDue(id);
  }

  /** Hides a row whose vector was withdrawn, in every graph of its generation. */
  hide(id: string, row: number): void {
    for (const refined of this.#graphs()) if (refined.generation.id === id) refined.refresh(row);
    this.#countItems();
  }

  /** Checks an item again after its catalogue entry has changed, in every graph that has a row of it. */
  refreshItem(itemId: string): void {
    for (const refined of this.#graphs()) {
      const row = refined.generation.table?.rowOf(itemId);
      if (row !== undefined) refined.refresh(row);
    }
    this.#countItems();
  }

  /** Checks all rows of all graphs again. */
  refreshAll(): void {
    for (const refined of this.#graphs()) refined.refreshAll();
    this.#countItems();
  }

  /** Sets the graph that is being built; undefined if its generation may not take over after the build. */
  setUnderWay(refined: RefinedGraph | undefined): void {
    this.#underWay = refined;
  }

  /** The build has ended: its generation answers from now on when it is named. */
  hold(next: SearchableGeneration): void {
    // One step ends the build and holds its generation, so that no change is missed in between.
    this.#underWay = undefined;
    if (this.find(next.generation.id) !== undefined) return;
    this.#upcoming = [...this.#upcoming, next].slice(-UPCOMING_LIMIT);
  }

  /** Lets a generation serve. Each request meets either the old generation or the new one, never a mixture. */
  flip(next: SearchableGeneration): void {
    const { log, metrics, keepRetiredMs } = this.#options;
    const previous = this.#served;
    this.#served = next;
    this.#previous = previous;
    this.#upcoming = this.#upcoming.filter(({ generation }) => generation.id > next.generation.id);
    clearTimeout(this.#dropTimer);
    this.#dropTimer = setTimeout(() => {
      this.#previous = undefined;
    }, keepRetiredMs).unref();
    metrics.flips.inc();
    this.#countItems();
    log.info({ from: previous?.generation.id, to: next.generation.id, items: next.graph.size }, 'flipped');
  }

  /** A rejected generation answers no request from this moment, even where no other generation can answer. */
  reject(id: string): void {
    if (this.#served?.generation.id === id) this.#served = undefined;
    if (this.#previous?.generation.id === id) this.#previous = undefined;
    this.giveUp(id);
    this.#countItems();
  }

  /** The generation is no longer about to serve. */
  giveUp(id: string): void {
    this.#upcoming = this.#upcoming.filter(({ generation }) => generation.id !== id);
  }

  close(): void {
    clearTimeout(this.#dropTimer);
  }

  #checkIfDue(id: string): void {
    const one = this.find(id);
    if (one?.refined.isCheckDue !== true || this.#checking !== undefined) return;
    this.#checking = this.#check(one).finally(() => {
      this.#checking = undefined;
    });
  }

  #countItems(): void {
    const { items, duplicates } = this.#options.metrics;
    items.set(this.#served?.graph.size ?? 0);
    duplicates.set(this.#served?.refined.duplicateCount ?? 0);
  }

  #answering(): SearchableGeneration[] {
    const held = [this.#served, this.#previous, ...this.#upcoming];
    return held.filter((one) => one !== undefined);
  }

  /** All graphs that must follow every change. */
  #graphs(): RefinedGraph[] {
    const graphs = this.#answering().map(({ refined }) => refined);
    return this.#underWay === undefined ? graphs : [...graphs, this.#underWay];
  }
}
