import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import { parseEmbeddingKey } from '#contracts/domain/embedding-key.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic, STOP } from '#topics/reader.ts';

/** The topics `releases` and `embeddings`, read once for one command. */
export interface ReleaseLog {
  readonly kafka: Kafka;
  readonly codec: Codec;
  readonly namespace: string;
}

/** @returns the releases, and the positions from which a later read resumes */
export async function readReleases({ kafka, codec, namespace }: ReleaseLog): Promise<{
  readonly ledger: ReleaseLedger;
  readonly next: ReadonlyMap<number, number>;
}> {
  const ledger = new ReleaseLedger();
  const { next } = await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'releases'),
    from: { at: 'beginning' },
    async onMessage({ key, value }) {
      ledger.declare(String(key), value === null ? null : await codec.decode('Release', value));
    },
  });
  return { ledger, next };
}

/** Number of embeddings in the log from the training of a generation; later ones do not count. */
export async function countTrained(
  { kafka, codec, namespace }: ReleaseLog,
  generation: string,
): Promise<number> {
  const trained = new Set<string>();
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'embeddings'),
    from: { at: 'beginning' },
    async onMessage({ key, value }) {
      const name = String(key);
      if (parseEmbeddingKey(name)?.generation !== generation) return;
      const isTrained = value !== null && (await codec.decode('ItemEmbedding', value)).origin === 'trained';
      if (isTrained) trained.add(name);
      else trained.delete(name);
    },
  });
  return trained.size;
}

/** Follows `releases` until the generation is declared active. @returns false when the signal aborts first */
export async function becomesActive(
  { kafka, codec, namespace }: ReleaseLog,
  generation: string,
  { from, signal }: { readonly from: ReadonlyMap<number, number>; readonly signal: AbortSignal },
): Promise<boolean> {
  let isActive = false;
  await readTopic({
    kafka,
    topic: qualifiedTopic(namespace, 'releases'),
    from: { at: 'offsets', offsets: from },
    until: 'never',
    signal,
    async onMessage({ key, value }) {
      if (value === null || String(key) !== generation) return undefined;
      isActive = (await codec.decode('Release', value)).state === 'active';
      return isActive ? STOP : undefined;
    },
  });
  return isActive;
}
