import type { Kafka } from 'kafkajs';
import type { Codec } from '#contracts/codec.ts';
import type { Release } from '#contracts/generated/records.ts';
import { qualifiedTopic } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';

/** Returns the last declaration of each generation, the newest first. @throws the errors of `readTopic` and the codec */
export async function readDeclaredReleases(options: {
  kafka: Kafka;
  codec: Codec;
  namespace: string;
  signal: AbortSignal;
}): Promise<Release[]> {
  const releases = new Map<string, Release>();
  await readTopic({
    ...options,
    topic: qualifiedTopic(options.namespace, 'releases'),
    from: { at: 'beginning' },
    onMessage: async ({ value }) => {
      if (value === null) return;
      const release = await options.codec.decode('Release', value);
      releases.set(release.generation, release);
    },
  });
  return [...releases.values()].sort((a, b) => b.createdAt - a.createdAt);
}
