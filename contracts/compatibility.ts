/** Whether schemas can follow one another, by the rules of Avro and by the registry's verdict. */

import type { AvroRecord } from './avro.ts';
import { parseWriterType } from './avro-types.ts';
import { type RecordName, SCHEMAS } from './generated/records.ts';
import type { Registry } from './registry.ts';

/**
 * Returns the reasons why `next` cannot follow `earlier` under full compatibility; empty if it can. Each must read
 * what the other writes (Avro specification, "Schema Resolution").
 */
export function incompatibilities(earlier: unknown, next: unknown): readonly string[] {
  return [
    ...unresolved(next, earlier).map((reason) => `the new schema cannot read earlier messages: ${reason}`),
    ...unresolved(earlier, next).map((reason) => `the earlier schema cannot read new messages: ${reason}`),
  ];
}

function unresolved(reader: unknown, writer: unknown): readonly string[] {
  try {
    parseWriterType(reader).createResolver(parseWriterType(writer));
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/**
 * Returns the records of this source tree whose schemas the registry would reject, with their subjects.
 * @throws RegistryUnavailable, RegistryRefused
 */
export async function refusedSchemas(
  registry: Registry,
  subjectOf: (record: RecordName) => string,
): Promise<readonly { record: RecordName; subject: string }[]> {
  const checks = (Object.entries(SCHEMAS) as [RecordName, AvroRecord][]).map(async ([record, schema]) => {
    const subject = subjectOf(record);
    return { record, subject, accepted: await registry.accepts(subject, schema) };
  });
  return (await Promise.all(checks))
    .filter(({ accepted }) => !accepted)
    .map(({ record, subject }) => ({ record, subject }));
}
