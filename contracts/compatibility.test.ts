import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AvroEnum, type AvroSchema, isUnion } from './avro.ts';
import { compileReader, parseWriterType } from './avro-types.ts';
import { createCodec } from './codec.ts';
import { incompatibilities, refusedSchemas } from './compatibility.ts';
import { goldenReleases, readGolden } from './fixtures/golden.ts';
import { SCHEMAS } from './generated/records.ts';
import { createMemoryRegistry } from './memory-registry.ts';

for (const release of goldenReleases()) {
  describe(`golden messages of ${release}`, () => {
    for (const { record, schema, message, value } of readGolden(release)) {
      it(`${record} still decodes to the written value`, async () => {
        const registry = { ...createMemoryRegistry(), schemaOf: async () => schema };
        const codec = createCodec({ registry, subjectOf: () => 'golden' });
        const decoded = await codec.decode(record, Buffer.from(message, 'hex'));
        assert.deepEqual(decoded, asReadBy(SCHEMAS[record], value));
      });

      it(`${record} is compatible both ways`, () => {
        assert.deepEqual(incompatibilities(schema, SCHEMAS[record]), []);
      });
    }
  });
}

describe('compatibility', () => {
  const { Reward } = SCHEMAS;
  const withField = (field: { name: string; type: AvroSchema; default?: unknown }) => ({
    ...Reward,
    fields: [...Reward.fields, field],
  });

  it('a field with a default may be added and removed', () => {
    assert.deepEqual(incompatibilities(Reward, withField({ name: 'note', type: 'string', default: '' })), []);
    assert.deepEqual(incompatibilities(withField({ name: 'note', type: 'string', default: '' }), Reward), []);
  });

  it('a field without a default is named, in whichever direction it breaks compatibility', () => {
    const required = withField({ name: 'note', type: 'string' });
    const reason = 'no matching field for default-less io.tributary.Reward.note';
    assert.deepEqual(incompatibilities(Reward, required), [
      `the new schema cannot read earlier messages: ${reason}`,
    ]);
    assert.deepEqual(incompatibilities(required, Reward), [
      `the earlier schema cannot read new messages: ${reason}`,
    ]);
  });

  it('an enum may gain symbols if earlier readers have a default', async () => {
    const grown = (fallback: object) => ({
      ...Reward,
      fields: [{ name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a', 'b'], ...fallback } }],
    });
    const earlier = (fallback: object) => ({
      ...Reward,
      fields: [{ name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['a'], ...fallback } }],
    });
    assert.deepEqual(incompatibilities(earlier({ default: 'a' }), grown({ default: 'a' })), []);
    assert.match(incompatibilities(earlier({}), grown({}))[0]!, /earlier schema cannot read new messages/);

    const writer = parseWriterType(grown({ default: 'a' }));
    const read = compileReader(parseWriterType(earlier({ default: 'a' })), writer);
    assert.equal((read(writer.toBuffer({ kind: 'b' })) as { kind: string }).kind, 'a');
  });

  it('every enum of the contracts has a default, so that it may gain symbols', () => {
    for (const [record, schema] of Object.entries(SCHEMAS)) {
      for (const type of enumsOf(schema))
        assert.ok(type.default, `${type.name} in ${record} needs a default`);
    }
  });

  it('every record that a registry would reject is reported', async () => {
    const registry = createMemoryRegistry();
    const subjectOf = (record: string) => `${record}-value`;
    assert.deepEqual(await refusedSchemas(registry, subjectOf), []);
    await registry.setCompatibility('Reward-value');
    await registry.register('Reward-value', withField({ name: 'note', type: 'string' }));
    assert.deepEqual(await refusedSchemas(registry, subjectOf), [
      { record: 'Reward', subject: 'Reward-value' },
    ]);
  });
});

function enumsOf(schema: AvroSchema): readonly AvroEnum[] {
  if (isUnion(schema)) return schema.flatMap(enumsOf);
  if (typeof schema === 'string') return [];
  switch (schema.type) {
    case 'array':
      return enumsOf(schema.items);
    case 'map':
      return enumsOf(schema.values);
    case 'record':
      return schema.fields.flatMap(({ type }) => enumsOf(type));
    case 'enum':
      return [schema];
    case 'long':
      return [];
  }
}

/** The written value as a reader sees it: its own fields, with defaults for those not written. */
function asReadBy(reader: AvroSchema, written: unknown): unknown {
  if (isUnion(reader))
    return written === null ? null : asReadBy(reader.find((branch) => branch !== 'null')!, written);
  if (typeof reader === 'string') return written;
  switch (reader.type) {
    case 'array':
      return (written as readonly unknown[]).map((item) => asReadBy(reader.items, item));
    case 'map':
      return Object.fromEntries(
        Object.entries(written as object).map(([key, part]) => [key, asReadBy(reader.values, part)]),
      );
    case 'enum':
      return reader.symbols.includes(written as string) ? written : reader.default;
    case 'record':
      return Object.fromEntries(
        reader.fields.map(({ name, type, default: otherwise }) => {
          const fields = written as Readonly<Record<string, unknown>>;
          return [name, name in fields ? asReadBy(type, fields[name]) : otherwise];
        }),
      );
    case 'long':
      return written;
  }
}
