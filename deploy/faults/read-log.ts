import { CATALOG, type TopicName, type TopicValue } from '#topics/catalog.ts';
import { readTopic } from '#topics/reader.ts';
import type { TestNamespace } from '#topics/test-namespace.ts';
import type { LogRecord } from './checkers/log-record.ts';

/** Returns everything that a topic holds now, in the order of each partition. */
export async function readLog<T extends TopicName>(
  { kafka, codec, topicOf }: Pick<TestNamespace, 'kafka' | 'codec' | 'topicOf'>,
  topic: T,
): Promise<Array<LogRecord<TopicValue<T>>>> {
  const records: Array<LogRecord<TopicValue<T>>> = [];
  await readTopic({
    kafka,
    topic: topicOf(topic),
    from: { at: 'beginning' },
    async onMessage({ partition, offset, timestamp, key, value }) {
      const decoded =
        value === null ? null : ((await codec.decode(CATALOG[topic].schema, value)) as TopicValue<T>);
      records.push({ partition, offset, timestamp, key: key?.toString() ?? '', value: decoded });
    },
  });
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}
