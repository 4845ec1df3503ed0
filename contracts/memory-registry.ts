/**
 * A registry in memory, for tests and tools without a server. It passes the suite registry.contract.ts, as the real
 * one does.
 */
import { isDeepStrictEqual } from 'node:util';
import type { AvroRecord } from './avro.ts';
import { incompatibilities } from './compatibility.ts';
import { COMPATIBILITY, type Registry, RegistryRefused } from './registry.ts';

/** Enforces COMPATIBILITY for subjects where it is set, and checks nothing elsewhere, as Apicurio does. */
export function createMemoryRegistry(): Registry {
  const schemas: AvroRecord[] = [];
  const versions = new Map<string, number[]>();
  const levels = new Map<string, string>();

  const schemaAt = (id: number) => schemas[id - 1];
  const idAmong = (ids: readonly number[], schema: AvroRecord) =>
    ids.find((id) => isDeepStrictEqual(schemaAt(id), schema));

  function faults(subject: string, schema: AvroRecord): readonly string[] {
    if (levels.get(subject) !== COMPATIBILITY) return [];
    return (versions.get(subject) ?? []).flatMap((id) => incompatibilities(schemaAt(id), schema));
  }

  return {
    address: 'memory:',
    async idOf(subject, schema) {
      return idAmong(versions.get(subject) ?? [], schema);
    },
    async latestId(subject) {
      return versions.get(subject)?.at(-1);
    },
    async schemaOf(id) {
      return structuredClone(schemaAt(id));
    },
    async register(subject, schema) {
      const ids = versions.get(subject) ?? [];
      const found = idAmong(ids, schema);
      if (found !== undefined) return found;
      const [fault] = faults(subject, schema);
      if (fault !== undefined) throw new RegistryRefused('registry.refused', `${subject}: ${fault}`);
      // One schema has one id, whichever subjects contain it.
      const id =
        idAmong(
          [...schemas.keys()].map((index) => index + 1),
          schema,
        ) ?? schemas.push(structuredClone(schema));
      versions.set(subject, [...ids, id]);
      return id;
    },
    async accepts(subject, schema) {
      return faults(subject, schema).length === 0;
    },
    async compatibilityOf(subject) {
      return levels.get(subject);
    },
    async setCompatibility(subject, level = COMPATIBILITY) {
      levels.set(subject, level);
    },
    async subjects() {
      return [...versions.keys()];
    },
  };
}
