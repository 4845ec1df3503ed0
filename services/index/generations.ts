import { type CanServe, ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import { Generation, type Intake } from './generation.ts';
import type { Shard } from './shard.ts';

/**
 * Which generation should serve, as a function of the topics `releases` and `embeddings` alone: no I/O, no clock.
 *
 * The served one is the release that was declared active last, in log order; a complete `ready` release that is newer
 * than it takes over. Nothing is decided before the log was read to its end, because its middle describes the past.
 */
export class Generations {
  readonly #ledger = new ReleaseLedger();
  readonly #byId = new Map<string, Generation>();
  readonly #shard: Shard;
  #caughtUp = false;

  constructor(shard: Shard) {
    this.#shard = shard;
  }

  get(id: string): Generation | undefined {
    return this.#byId.get(id);
  }

  /** @returns what became of the embeddings that had waited for this release. */
  takeRelease(release: Release): Intake[] {
    this.#ledger.declare(release.generation, release);
    return this.#find(release.generation).takeRelease(release);
  }

  /** A tombstone of a release: the generation is gone for good. */
  forget(id: string): void {
    this.#ledger.declare(id, null);
    this.#byId.delete(id);
  }

  takeEmbedding(embedding: ItemEmbedding): Intake {
    return this.#find(embedding.generation).takeEmbedding(embedding);
  }

  takeCaughtUp(): void {
    this.#caughtUp = true;
    for (const generation of this.#byId.values()) generation.takeCaughtUp();
  }

  /** The generation that was declared active last, of those that can serve. */
  active(): Generation | undefined {
    return this.#generationOf(this.#ledger.active(this.#isServable));
  }

  /** The generation that should serve, once it can be searched everywhere; undefined while none can. */
  wanted(): Generation | undefined {
    const release = this.#ledger.successor(this.#isServable) ?? this.#ledger.active(this.#isServable);
    return this.#generationOf(release);
  }

  /** Releases declared active other than `id`, which a flip to `id` retires. */
  supersededBy(id: string): Release[] {
    return this.#ledger.supersededBy(id);
  }

  #find(id: string): Generation {
    let generation = this.#byId.get(id);
    if (generation === undefined) {
      generation = new Generation(id, this.#shard);
      this.#byId.set(id, generation);
    }
    return generation;
  }

  #generationOf(release: Release | undefined): Generation | undefined {
    return release && this.#byId.get(release.generation);
  }

  /** No generation is servable before the log was read to its end. */
  readonly #isServable: CanServe = ({ generation }) =>
    this.#caughtUp && this.#byId.get(generation)?.isServable === true;
}
