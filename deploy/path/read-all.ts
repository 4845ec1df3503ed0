import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';

/** A decoded message with its place. */
export interface Placed<V> {
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: V;
}

/** Returns everything in a topic now, in the order of each partition; tombstones left out. */
export async function readAll<T extends TopicName>(
  { kafka, codec, topicOf }: Pick<TestNamespace, 'kafka' | 'codec' | 'topicOf'>,
  topic: T,
): Promise<Array<Placed<TopicValue<T>>>> {
  const messages: Array<Placed<TopicValue<T>>> = [];
  await readTopic({
    kafka,
    topic: topicOf(topic),
    from: { at: 'beginning' },
    async onMessage({ partition, offset, key, value }) {
      if (value === null) return;
      const decoded = await codec.decode(CATALOG[topic].schema, value);
      messages.push({ partition, offset, key: key?.toString() ?? '', value: decoded as never });
    },
  });
  return messages;
}
