/** The codec for the topics of one namespace. */
import { type Codec, createCodec } from '#contracts/codec.ts';
import type { RecordName } from '#contracts/generated/records.ts';
import type { Registry } from '#contracts/registry.ts';
import { qualifiedTopic, TOPICS } from './catalog.ts';
import { subjectOfTopic } from './plan.ts';

/** Creates a codec that finds the schema of each record under the subject of its topic. */
export function createTopicCodec(registry: Registry, namespace: string): Codec {
  const subjects = new Map<RecordName, string>(
    TOPICS.map(({ name, schema }) => [schema, subjectOfTopic(qualifiedTopic(namespace, name))]),
  );
  return createCodec({ registry, subjectOf: (record) => subjects.get(record) ?? record });
}
