import { ForwardDecay } from '#algorithms/pinsage/ageing.ts';
import {
  type ChangedRows,
  type GraphOptions,
  type ItemContextGraph,
  LiveGraph,
} from '#algorithms/pinsage/live-graph.ts';

const MS_PER_DAY = 86_400_000;

export interface ContextGraphOptions extends GraphOptions {
  /** Days in which an action loses half its weight; 0 for never. */
  readonly halfLifeDays: number;
}

/** The aged graph of all actions in the log. Changes wait while threads walk on it. */
export class ContextGraph {
  readonly #graph: LiveGraph;
  readonly #decay: ForwardDecay;
  #walkedOn: ItemContextGraph | undefined;
  #waiting: (() => void)[] = [];

  constructor({ halfLifeDays, ...options }: ContextGraphOptions) {
    this.#graph = new LiveGraph(options);
    this.#decay = new ForwardDecay(halfLifeDays === 0 ? Number.POSITIVE_INFINITY : halfLifeDays * MS_PER_DAY);
  }

  get edges(): number {
    return this.#graph.edges;
  }

  /** Memory of the arrays, in bytes. */
  get bytes(): number {
    return this.#graph.bytes;
  }

  /** Whether all changes are in the graph; during walks they wait. */
  get isUpToDate(): boolean {
    return this.#waiting.length === 0;
  }

  /** Number of the item's contexts. */
  degree(item: number): number {
    return this.#graph.degree(item);
  }

  /** @param at event time, ms */
  add(item: number, context: number, weight: number, at: number): void {
    this.#change(() => {
      const factor = this.#decay.advance(at);
      if (factor !== 1) this.#graph.scale(factor);
      this.#graph.add(item, context, weight * this.#decay.weightAt(at), secondsOf(at));
    });
  }

  remove(item: number, context: number): void {
    this.#change(() => this.#graph.remove(item, context));
  }

  /** The graph for walks; it may change as soon as control returns to the event loop. */
  get walkable(): ItemContextGraph {
    return this.#walkedOn ?? this.#graph.settle();
  }

  /**
   * Walks on the graph, with the rows that changed since the last walk. The graph does not change until the promise
   * settles. Only one walk may run at a time.
   */
  async hold<T>(walk: (graph: ItemContextGraph, changes: ChangedRows) => Promise<T>): Promise<T> {
    if (this.#walkedOn !== undefined) throw new Error('A walk on the graph is already running');
    this.#walkedOn = this.#graph.settle();
    try {
      return await walk(this.#walkedOn, this.#graph.drainChanges());
    } finally {
      this.#walkedOn = undefined;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const change of waiting) change();
    }
  }

  #change(change: () => void): void {
    if (this.#walkedOn === undefined) change();
    else this.#waiting.push(change);
  }
}

/** A time as the graph orders by it, a uint32. */
function secondsOf(at: number): number {
  return Math.max(0, Math.floor(at / 1000));
}
