import { row } from '#algorithms/vectors.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { Inference } from '../training/infer.ts';

export interface CollectorOptions {
  readonly generation: string;
  /** Ids of the n items. */
  readonly itemIds: readonly string[];
  readonly shape: { readonly dim: number; readonly hidden: number; readonly layers: number };
  /** Time without any message, in ms, after which the inference fails. */
  readonly patienceMs: number;
}

/** Collects the latents and embeddings that the workers of an inference write, and fails if they write nothing for too long. */
export class Collector implements Inference {
  readonly embeddings: Float32Array;
  readonly latents: readonly Float32Array[];
  readonly #options: CollectorOptions;
  readonly #numbers: ReadonlyMap<string, number>;
  readonly #isEmbedded: Uint8Array;
  /** By convolution, then by item. */
  readonly #hasLatent: readonly Uint8Array[];
  #missing: number;
  readonly #complete = Promise.withResolvers<void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CollectorOptions) {
    const { itemIds, shape } = options;
    this.#options = options;
    this.embeddings = new Float32Array(itemIds.length * shape.dim);
    const layers = Array.from({ length: shape.layers });
    this.latents = layers.map(() => new Float32Array(itemIds.length * shape.hidden));
    this.#numbers = new Map(itemIds.map((itemId, item) => [itemId, item]));
    this.#isEmbedded = new Uint8Array(itemIds.length);
    this.#hasLatent = layers.map(() => new Uint8Array(itemIds.length));
    this.#missing = itemIds.length * (1 + shape.layers);
    // The promise may be rejected before anything waits for it.
    this.#complete.promise.catch(() => undefined);
    if (this.#missing === 0) this.#complete.resolve();
    this.#restartTimer();
  }

  /** The second copy of a row, for another partition or from a worker that took over, is the same and does nothing. */
  add({ generation, kind, layer, itemIds, vectors }: Latent): void {
    if (generation !== this.#options.generation) return;
    this.#restartTimer();
    const { dim, hidden } = this.#options.shape;
    if (kind === 'embedding') this.#fill(this.embeddings, this.#isEmbedded, dim, itemIds, vectors);
    const latents = this.latents[layer];
    if (kind === 'latent' && latents !== undefined)
      this.#fill(latents, this.#hasLatent[layer]!, hidden, itemIds, vectors);
  }

  /** Resolves when the embedding and all latents of each item are there; rejects if no message arrives for too long. */
  whenComplete(): Promise<void> {
    return this.#complete.promise;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #fill(
    matrix: Float32Array,
    isFilled: Uint8Array,
    width: number,
    itemIds: readonly string[],
    vectors: Uint8Array,
  ): void {
    const rows = decodeVector(vectors, itemIds.length * width);
    for (const [place, itemId] of itemIds.entries()) {
      const item = this.#numbers.get(itemId);
      if (item === undefined || isFilled[item] === 1) continue;
      isFilled[item] = 1;
      matrix.set(row(rows, place, width), item * width);
      this.#missing -= 1;
    }
    if (this.#missing === 0) this.#complete.resolve();
  }

  #restartTimer(): void {
    const { patienceMs, itemIds } = this.#options;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const done = this.#isEmbedded.reduce((sum, isDone) => sum + isDone, 0);
      const reason = `the inference stands still: no worker wrote anything for ${patienceMs / 1_000} s, with ${done} of ${itemIds.length} items embedded`;
      this.#complete.reject(new TributaryError('training.failed', reason, { retryable: true }));
    }, patienceMs);
  }
}
