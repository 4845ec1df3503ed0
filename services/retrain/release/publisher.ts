import type { Artefact } from '#artefacts/artefact.ts';
import { type StoredArtefact, withdrawArtefacts, writeArtefact } from '#artefacts/writer.ts';
import { embeddingKey } from '#contracts/domain/embedding-key.ts';
import type { ItemEmbedding, Release } from '#contracts/generated/records.ts';
import type { StagePorts } from '#platform/stage.ts';
import type { TrimOffset } from '../log-state/latents.ts';

/** Everything the stage writes. Each promise resolves when all in-sync replicas have the message. */
export interface Publisher {
  release(release: Release): Promise<void>;
  embedding(embedding: ItemEmbedding): Promise<void>;
  artefact(artefact: Artefact): Promise<void>;
  /** Writes the tombstone of an embedding. */
  removeEmbedding(key: string): Promise<void>;
  /** In this order: an artefact that others require comes after them. */
  withdraw(artefacts: readonly StoredArtefact[]): Promise<void>;
  /** Deletes what stands before these offsets of the topic `latents`. */
  trimLatents(offsets: readonly TrimOffset[]): Promise<void>;
}

export function createPublisher({
  produce,
  kafka,
  topic,
}: Pick<StagePorts, 'produce' | 'kafka' | 'topic'>): Publisher {
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
    async trimLatents(offsets) {
      const admin = kafka.admin();
      await admin.connect();
      try {
        // kafkajs 2.2.4 finds no leaders of a topic that this client has not asked about yet.
        await admin.fetchTopicOffsets(topic('latents'));
        await admin.deleteTopicRecords({
          topic: topic('latents'),
          partitions: offsets.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
        });
      } finally {
        await admin.disconnect();
      }
    },
  };
}
