import { type Artefact, manifestKey } from '#artefacts/artefact.ts';
import { anItem, aRelease } from '#contracts/domain/records.testing.ts';
import type { Item, ItemEmbedding, Release } from '#contracts/generated/records.ts';
import type { Publisher } from './release/publisher.ts';

/** An item that was last changed in 1970. */
export function someItem(itemId: string, change: Partial<Item> = {}): Item {
  return anItem({ itemId, updatedAt: 0, ...change });
}

export function someRelease(
  generation: string,
  state: Release['state'],
  change: Partial<Release> = {},
): Release {
  return aRelease({ generation, state, dimension: 8, createdAt: 0, updatedAt: 0, ...change });
}

export interface RecordedWrites {
  /** What was written, in order: `building`, `embedding tea`, `artefact pinsage/g1`, `remove embedding g1/tea`. */
  readonly order: string[];
  readonly releases: Release[];
  readonly embeddings: ItemEmbedding[];
  readonly artefacts: Artefact[];
}

/** A publisher that keeps what is written. */
export function recordingPublisher(): { publisher: Publisher; written: RecordedWrites } {
  const written: RecordedWrites = { order: [], releases: [], embeddings: [], artefacts: [] };
  const publisher: Publisher = {
    async release(release) {
      written.order.push(release.state);
      written.releases.push(release);
    },
    async embedding(embedding) {
      written.order.push(`embedding ${embedding.itemId}`);
      written.embeddings.push(embedding);
    },
    async artefact(artefact) {
      written.order.push(`artefact ${manifestKey(artefact)}`);
      written.artefacts.push(artefact);
    },
    async removeEmbedding(key) {
      written.order.push(`remove embedding ${key}`);
    },
    async withdraw(artefacts) {
      for (const artefact of artefacts) written.order.push(`withdraw ${manifestKey(artefact)}`);
    },
  };
  return { publisher, written };
}
