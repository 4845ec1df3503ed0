import { type Artefact, manifestKey } from '#artefacts/artefact.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import type { Publisher } from './publisher.ts';

export interface RecordedWrites {
  /** The writes in order: `building`, `embedding tea`, `artefact pinsage/g1`, `remove embedding g1/tea`. */
  readonly order: string[];
  readonly releases: Release[];
  readonly embeddings: ItemEmbedding[];
  readonly artefacts: Artefact[];
}

/** A publisher that keeps all writes in memory. */
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
