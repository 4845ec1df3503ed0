import type { Artefact } from '#artefacts/artefact.ts';
import { type StoredArtefact, withdrawArtefacts, writeArtefact } from '#artefacts/writer.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';

/** All writes of the stage. Each promise resolves when all in-sync replicas have the message. */
export interface Publisher {
  release(release: Release): Promise<void>;
  embedding(embedding: ItemEmbedding): Promise<void>;
  artefact(artefact: Artefact): Promise<void>;
  /** Writes the tombstone of an embedding. */
  removeEmbedding(key: string): Promise<void>;
  /** Withdraws artefacts in this order: an artefact that others require must come after them. */
  withdraw(artefacts: readonly StoredArtefact[]): Promise<void>;
}

export function createPublisher({ produce }: Pick<StagePorts, 'produce'>): Publisher {
  return {
    async release(release) {
      await produce('releases', release.generation, release);
    },
    async embedding(embedding) {
      await produce('embeddings', embeddingKey(embedding), embedding);
    },
    artefact: (artefact) => writeArtefact({ produce }, artefact),
    async removeEmbedding(key) {
      await produce('embeddings', key, null);
    },
    withdraw: (artefacts) => withdrawArtefacts({ produce }, artefacts),
  };
}
