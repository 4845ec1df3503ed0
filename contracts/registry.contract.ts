/** The contract of every Registry, as tests; run on the one in memory and on a server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AvroField, AvroRecord } from './avro.ts';
import { createCodec } from './codec.ts';
import { refusedSchemas } from './compatibility.ts';
import { SAMPLES } from './fixtures/samples.ts';
import { type RecordName, SCHEMAS } from './generated/records.ts';
import { COMPATIBILITY, type Registry, RegistryRefused } from './registry.ts';

const RECORDS = Object.keys(SCHEMAS) as RecordName[];

/** @param prefix - prefix of every subject, so that runs against one server do not collide */
export function describeRegistry(name: string, registry: Registry, prefix: string): void {
  const schemaOf = (...fields: readonly AvroField[]): AvroRecord => ({
    type: 'record',
    name: 'Thing',
    namespace: 'io.tributary.test',
    fields: [{ name: 'id', type: 'string' }, ...fields],
  });
  const plain = schemaOf();
  const widened = schemaOf({ name: 'note', type: 'string', default: 'x' });
  const broken = schemaOf({ name: 'note', type: 'long' });

  describe(`registry: ${name}`, () => {
    it('an unknown subject has no id and no version', async () => {
      const subject = `${prefix}.absent/with space-value`;
      assert.equal(await registry.idOf(subject, plain), undefined);
      assert.equal(await registry.latestId(subject), undefined);
      assert.equal(await registry.compatibilityOf(subject), undefined);
      assert.equal(await registry.accepts(subject, plain), true);
      assert.equal(await registry.schemaOf(2_000_000_000), undefined);
    });

    it('a registered schema has one id, under which it is found', async () => {
      const subject = `${prefix}.found/with space-value`;
      const id = await registry.register(subject, plain);
      assert.equal(await registry.register(subject, plain), id, 'registering it again changes nothing');
      assert.equal(await registry.idOf(subject, plain), id);
      assert.equal(await registry.latestId(subject), id);
      assert.deepEqual(await registry.schemaOf(id), plain);
      assert.ok((await registry.subjects()).includes(subject));
      assert.equal(await registry.idOf(subject, widened), undefined, 'another schema is not registered');
    });

    it('a compatible version is accepted and an incompatible one rejected, against every earlier version', async () => {
      const subject = `${prefix}.versions-value`;
      await registry.register(subject, plain);
      await registry.setCompatibility(subject);
      assert.equal(await registry.compatibilityOf(subject), COMPATIBILITY);
      assert.equal(await registry.accepts(subject, widened), true);
      const id = await registry.register(subject, widened);
      assert.equal(await registry.latestId(subject), id);
      assert.notEqual(await registry.idOf(subject, plain), id, 'the earlier version stays');
      assert.equal(await registry.accepts(subject, broken), false);
      await assert.rejects(registry.register(subject, broken), (error) => {
        assert.ok(error instanceof RegistryRefused);
        assert.equal(error.code, 'registry.refused');
        assert.equal(error.retryable, false);
        return true;
      });
      assert.equal(await registry.latestId(subject), id, 'a rejected version is not stored');
    });

    it('a new symbol of an enum with a default is accepted', async () => {
      const subject = `${prefix}.symbols-value`;
      const kinds = (...symbols: readonly string[]) =>
        schemaOf({ name: 'kind', type: { type: 'enum', name: 'Kind', symbols, default: 'a' } });
      await registry.register(subject, kinds('a', 'b'));
      await registry.setCompatibility(subject);
      assert.equal(await registry.accepts(subject, kinds('a', 'b', 'c')), true);
    });

    it('every schema of this source tree is accepted, and codecs that share the registry read each other', async () => {
      const subjectOf = (record: RecordName) => `${prefix}.${record}-value`;
      for (const record of RECORDS) {
        await registry.register(subjectOf(record), SCHEMAS[record]);
        await registry.setCompatibility(subjectOf(record));
      }
      assert.deepEqual(await refusedSchemas(registry, subjectOf), []);
      const writer = createCodec({ registry, subjectOf });
      await writer.prepare(RECORDS);
      const reader = createCodec({ registry, subjectOf });
      for (const record of RECORDS) {
        const bytes = writer.encode(record, SAMPLES[record]);
        assert.deepEqual(await reader.decode(record, bytes), SAMPLES[record]);
      }
    });
  });
}
