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
  /** In the order in which their releases were last declared. */
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
    const generation = this.#byId.get(release.generation) ?? new Generation(release.generation, this.#shard);
    this.#byId.delete(generation.id);
    this.#byId.set(generation.id, generation);
    return generation.takeRelease(release);
  }

  /** A tombstone of a release: the generation is gone for good. */
  forget(id: string): void {
    this.#byId.delete(id);
  }

  takeEmbedding(embedding: ItemEmbedding): Intake {
    let generation = this.#byId.get(embedding.generation);
    if (generation === undefined) {
      generation = new Generation(embedding.generation, this.#shard);
      this.#byId.set(generation.id, generation);
    }
    return generation.takeEmbedding(embedding);
  }

  takeCaughtUp(): void {
    this.#caughtUp = true;
    for (const generation of this.#byId.values()) generation.takeCaughtUp();
  }

  /** The generation that was declared active last, of those that can serve. */
  active(): Generation | undefined {
    return this.#servable().findLast(({ release }) => release?.state === 'active');
  }

  /** The generation that should serve, once it can be searched everywhere; undefined while none can. */
  wanted(): Generation | undefined {
    const active = this.active();
    const successors = this.#servable().filter(
      ({ id, release }) => release?.state === 'ready' && (active === undefined || id > active.id),
    );
    return successors.reduce<Generation | undefined>(
      (newest, next) => (newest === undefined || next.id > newest.id ? next : newest),
      active,
    );
  }

  /** Releases declared active other than `id`, which a flip to `id` retires. */
  supersededBy(id: string): Release[] {
    return [...this.#byId.values()].flatMap(({ id: other, release }) =>
      other !== id && release?.state === 'active' ? [release] : [],
    );
  }

  /** None before the log was read to its end. */
  #servable(): Generation[] {
    return this.#caughtUp ? [...this.#byId.values()].filter(({ isServable }) => isServable) : [];
  }
}
