/** Lists the topics of a namespace with their partitions and messages. */
import type { Kafka } from 'kafkajs';
import { qualifiedTopic, TOPICS, type TopicDeclaration } from './catalog.ts';
import { withAdmin } from './connection.ts';
import { renderTable } from './table.ts';

export interface TopicListing extends TopicDeclaration {
  readonly topic: string;
  /** Number of partitions in the cluster, and their offsets; null if the topic does not exist. */
  readonly actual: { readonly partitions: number; readonly messages: number } | null;
}

/**
 * Lists every topic of the catalogue. Compaction leaves gaps in the offsets, so `messages` is an upper bound for
 * compacted topics.
 */
export async function listTopics(kafka: Kafka, namespace: string): Promise<readonly TopicListing[]> {
  return withAdmin(kafka, async (admin) => {
    const existing = new Set(await admin.listTopics());
    const listings: TopicListing[] = [];
    for (const declaration of TOPICS) {
      const topic = qualifiedTopic(namespace, declaration.name);
      const offsets = existing.has(topic) ? await admin.fetchTopicOffsets(topic) : null;
      const actual = offsets && {
        partitions: offsets.length,
        messages: offsets.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0),
      };
      listings.push({ ...declaration, topic, actual });
    }
    return listings;
  });
}

export function renderListing(listings: readonly TopicListing[]): string {
  return renderTable(listings, [
    { title: 'TOPIC', value: ({ topic }) => topic },
    { title: 'PARTITIONS', value: ({ actual }) => (actual === null ? 'missing' : String(actual.partitions)) },
    { title: 'KEY', value: ({ key }) => key },
    { title: 'RECORD', value: ({ schema }) => schema },
    { title: 'CLEAN-UP', value: ({ cleanup }) => cleanup },
    { title: 'MESSAGES', value: ({ actual }) => actual?.messages ?? 0 },
    { title: 'SUMMARY', value: ({ summary }) => summary },
  ]);
}
