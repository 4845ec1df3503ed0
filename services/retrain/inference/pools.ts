import type { Pooling } from '#algorithms/pinsage/pooling.ts';
import type { PinSageShape } from '#algorithms/pinsage/weights.ts';

/** The partial sums of one convolution. */
class Pool {
  /** itemCount × hidden, row-major. */
  readonly rows: Float32Array;
  readonly #added: Uint8Array;
  #missing: number;

  constructor(itemCount: number, hidden: number, neighbourCount: number) {
    this.rows = new Float32Array(itemCount * hidden);
    this.#added = new Uint8Array(neighbourCount);
    this.#missing = neighbourCount;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** Whether this is the first latent of the neighbour; a duplicate would be the same. */
  admit(neighbour: number): boolean {
    if (this.#added[neighbour] === 1) return false;
    this.#added[neighbour] = 1;
    this.#missing -= 1;
    return true;
  }
}

/** An item of the share that a neighbour is pooled into, with its importance. */
interface Target {
  readonly item: number;
  readonly importance: number;
}

/**
 * CONVOLVE's pooling (PinSage, KDD 2018, Algorithm 1, line 1) by arrival: each latent is added to every item that has it
 * as a neighbour, in any order, so no latent is stored. Memory: itemCount × hidden numbers per layer. A neighbour of importance 0 does not count.
 */
export class Pools {
  readonly #neighbours = new Map<string, { readonly number: number; readonly targets: Target[] }>();
  /** Neighbours of each item. */
  readonly #counts: number[] = [];
  #layers: readonly Pool[] = [];
  #hidden = 0;
  #pooling: Pooling = 'importance';

  addNeighbour(item: number, neighbourId: string, importance: number): void {
    if (importance === 0) return;
    this.#counts[item] = (this.#counts[item] ?? 0) + 1;
    let neighbour = this.#neighbours.get(neighbourId);
    if (neighbour === undefined) {
      neighbour = { number: this.#neighbours.size, targets: [] };
      this.#neighbours.set(neighbourId, neighbour);
    }
    neighbour.targets.push({ item, importance });
  }

  /** Call it after the last neighbour and before the first latent. */
  start(itemCount: number, { hidden, layers, pooling }: PinSageShape): void {
    this.#hidden = hidden;
    this.#pooling = pooling;
    const pool = () => new Pool(itemCount, hidden, this.#neighbours.size);
    this.#layers = Array.from({ length: layers }, pool);
  }

  /** Adds a latent once; a latent that no item pools has no effect. */
  addLatent(layer: number, neighbourId: string, latent: Float32Array): void {
    const neighbour = this.#neighbours.get(neighbourId);
    const pool = this.#layers[layer];
    if (neighbour === undefined || pool?.admit(neighbour.number) !== true) return;
    for (const { item, importance } of neighbour.targets) {
      const pooled = pool.rows.subarray(item * this.#hidden, (item + 1) * this.#hidden);
      if (this.#pooling === 'max') raiseTo(pooled, latent);
      else addTimes(pooled, this.#pooling === 'mean' ? 1 / this.#counts[item]! : importance, latent);
    }
  }

  /** The sums of a layer, itemCount × hidden; undefined until the latents of all neighbours are in them. */
  complete(layer: number): Float32Array | undefined {
    const pool = this.#layers[layer];
    return pool?.isComplete ? pool.rows : undefined;
  }
}

function addTimes(sum: Float32Array, factor: number, latent: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += factor * latent[i]!;
}

/** Latents are not negative, so that 0 is below all of them. */
function raiseTo(largest: Float32Array, latent: Float32Array): void {
  for (let i = 0; i < largest.length; i++) if (latent[i]! > largest[i]!) largest[i] = latent[i]!;
}
