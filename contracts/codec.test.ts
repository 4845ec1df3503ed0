import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { arbitraryRecord } from './arbitrary.testing.ts';
import { parseWriterType } from './avro-types.ts';
import { type Codec, createCodec, DecodeError, EncodeError } from './codec.ts';
import { SAMPLES } from './fixtures/samples.ts';
import { type RecordName, SCHEMAS } from './generated/records.ts';
import { createMemoryRegistry } from './memory-registry.ts';
import { type Registry, RegistryRefused, RegistryUnavailable } from './registry.ts';

const RECORDS = Object.keys(SCHEMAS) as RecordName[];
const subjectOf = (record: RecordName) => `${record}-value`;

async function preparedCodec(registry: Registry = createMemoryRegistry()): Promise<Codec> {
  for (const record of RECORDS) await registry.register(subjectOf(record), SCHEMAS[record]);
  const codec = createCodec({ registry, subjectOf });
  await codec.prepare(RECORDS);
  return codec;
}

/** A message that names schema `id`. */
function withId(bytes: Buffer, id: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeInt32BE(id, 1);
  return copy;
}

describe('codec: round trips', () => {
  for (const record of RECORDS) {
    it(`the codec decodes every ${record} as a plain object, synchronously`, async () => {
      const codec = await preparedCodec();
      fc.assert(
        fc.property(arbitraryRecord(record), (value) => {
          assert.deepEqual(codec.decode(record, codec.encode(record, value)), value);
        }),
      );
      assert.deepEqual(codec.decode(record, codec.encode(record, SAMPLES[record])), SAMPLES[record]);
    });
  }

  it('a message starts with a zero byte and the id, big-endian, before the Avro body', async () => {
    const registry = createMemoryRegistry();
    const codec = await preparedCodec(registry);
    const bytes = codec.encode('ItemEmbedding', SAMPLES.ItemEmbedding);
    const id = await registry.latestId(subjectOf('ItemEmbedding'));
    assert.deepEqual(bytes.subarray(0, 5), Buffer.from([0, 0, 0, 0, id!]));
    assert.equal(
      bytes[5],
      SAMPLES.ItemEmbedding.generation.length * 2,
      'the first field starts with a zigzag length',
    );
  });
});

describe('codec: encoding', () => {
  const slate = (importance: unknown) => ({
    ...SAMPLES.Slate,
    slots: [{ ...SAMPLES.Slate.slots[0]!, because: { ...SAMPLES.Slate.slots[0]!.because!, importance } }],
  });
  const misfits: readonly [string, RecordName, object, string, RegExp][] = [
    [
      'a text for a number',
      'Slate',
      slate('much'),
      'slots[0].because.importance',
      /is 'much', which is no double/,
    ],
    ['NaN deep inside', 'Slate', slate(Number.NaN), 'slots[0].because.importance', /not a finite number/],
    [
      'an infinity in an array',
      'Reward',
      { ...SAMPLES.Reward, features: [1, Infinity] },
      'features[1]',
      /not a finite/,
    ],
    [
      'NaN in a map',
      'Release',
      { ...SAMPLES.Release, metrics: { mrr: Number.NaN } },
      'metrics.mrr',
      /not a finite/,
    ],
    ['a float too large', 'Item', { ...SAMPLES.Item, vector: [1e39] }, 'vector[0]', /not a finite/],
    [
      'an unknown symbol',
      'UserAction',
      { ...SAMPLES.UserAction, type: 'steal' },
      'type',
      /one of view, click/,
    ],
    [
      'a fraction for a time',
      'UserAction',
      { ...SAMPLES.UserAction, occurredAt: 1.5 },
      'occurredAt',
      /no long/,
    ],
    ['a missing field', 'UserAction', { ...SAMPLES.UserAction, userId: undefined }, 'userId', /no string/],
    ['no record', 'UserAction', [] as object, 'eventId', /no string/],
  ];
  for (const [what, record, value, field, reason] of misfits) {
    it(`the codec rejects ${what} and names the field`, async () => {
      const codec = await preparedCodec();
      assert.throws(
        () => codec.encode(record, value as never),
        (error) =>
          error instanceof EncodeError &&
          error.code === 'encode.invalid' &&
          error.field === field &&
          reason.test(error.message) &&
          error.message.startsWith(`${record}.${field} `),
      );
    });
  }

  it('the error for a missing schema names the command that registers it', async () => {
    const codec = createCodec({ registry: createMemoryRegistry(), subjectOf });
    await assert.rejects(codec.prepare(['Slate']), (error) => {
      assert.ok(error instanceof RegistryRefused);
      assert.equal(error.code, 'registry.not-registered');
      assert.match(error.message, /Slate under Slate-value: run npm run topics -- apply/);
      return true;
    });
  });

  it('a record that was not prepared is rejected', () => {
    const codec = createCodec({ registry: createMemoryRegistry(), subjectOf });
    assert.throws(() => codec.encode('Slate', SAMPLES.Slate), { code: 'encode.not-prepared' });
  });
});

describe('codec: decoding', () => {
  const refuses =
    (code: string, retryable = false) =>
    (error: unknown) => {
      assert.ok(error instanceof DecodeError);
      assert.equal(error.code, code);
      assert.equal(error.retryable, retryable);
      return true;
    };

  it('decode.magic: bytes that are not in the wire format are rejected', async () => {
    const codec = await preparedCodec();
    for (const bytes of [Buffer.alloc(0), Buffer.from([0, 0, 0, 1]), Buffer.from('{"userId":"u"}')]) {
      assert.throws(() => codec.decode('UserAction', bytes), refuses('decode.magic'));
    }
  });

  it('decode.schema-unknown: an id of another registry is rejected', async () => {
    const codec = await preparedCodec();
    const bytes = withId(codec.encode('UserAction', SAMPLES.UserAction), 4_711);
    await assert.rejects(async () => codec.decode('UserAction', bytes), refuses('decode.schema-unknown'));
  });

  it('decode.incompatible: another record is rejected, with one request to the registry', async () => {
    const memory = createMemoryRegistry();
    let requests = 0;
    const schemaOf = (id: number) => {
      requests++;
      return memory.schemaOf(id);
    };
    const codec = await preparedCodec({ ...memory, schemaOf });
    const bytes = codec.encode('Reward', SAMPLES.Reward);
    await assert.rejects(async () => codec.decode('UserAction', bytes), refuses('decode.incompatible'));
    assert.throws(() => codec.decode('UserAction', bytes), refuses('decode.incompatible'));
    assert.equal(requests, 1);
  });

  it('decode.bytes: any truncation, and any trailing byte, is rejected', async () => {
    const codec = await preparedCodec();
    for (const record of RECORDS) {
      const bytes = codec.encode(record, SAMPLES[record]);
      for (let length = 5; length < bytes.length; length++) {
        assert.throws(
          () => codec.decode(record, bytes.subarray(0, length)),
          refuses('decode.bytes'),
          `${record} ${length}`,
        );
      }
      assert.throws(
        () => codec.decode(record, Buffer.concat([bytes, Buffer.of(0)])),
        refuses('decode.bytes'),
      );
    }
  });

  it('random bodies cause no error but a DecodeError, and quickly', async () => {
    const codec = await preparedCodec();
    for (const record of RECORDS) {
      const header = codec.encode(record, SAMPLES[record]).subarray(0, 5);
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
          try {
            codec.decode(record, Buffer.concat([header, body]));
          } catch (error) {
            assert.ok(error instanceof DecodeError);
          }
        }),
      );
    }
  });

  it('an earlier version is read with defaults and without unknown fields', async () => {
    const registry = createMemoryRegistry();
    const codec = await preparedCodec(registry);
    const earlier = {
      ...SCHEMAS.UserAction,
      fields: [
        ...SCHEMAS.UserAction.fields.filter(({ name }) => name !== 'contextId'),
        { name: 'page', type: 'string', default: '' } as const,
      ],
    };
    const id = await registry.register(subjectOf('UserAction'), earlier);
    const { contextId: _, ...known } = SAMPLES.UserAction;
    const body = avroBody(earlier, { ...known, page: '/home' });
    const decoded = codec.decode('UserAction', withId(Buffer.concat([Buffer.alloc(5), body]), id));
    assert.ok(decoded instanceof Promise, 'the writer’s schema has to be fetched');
    assert.deepEqual(await decoded, { ...SAMPLES.UserAction, contextId: null });
  });

  it('a new id causes one request, however many messages wait, and none later', async () => {
    const memory = createMemoryRegistry();
    let requests = 0;
    const schemaOf = (id: number) => {
      requests++;
      return memory.schemaOf(id);
    };
    const codec = await preparedCodec({ ...memory, schemaOf });
    const widened = {
      ...SCHEMAS.Release,
      fields: [...SCHEMAS.Release.fields, { name: 'note', type: 'string', default: '' } as const],
    };
    const id = await memory.register(subjectOf('Release'), widened);
    const body = avroBody(widened, { ...SAMPLES.Release, note: 'x' });
    const message = withId(Buffer.concat([Buffer.alloc(5), body]), id);
    const decoded = await Promise.all([1, 2, 3].map(() => codec.decode('Release', message)));
    assert.deepEqual(decoded, [SAMPLES.Release, SAMPLES.Release, SAMPLES.Release]);
    assert.deepEqual(codec.decode('Release', message), SAMPLES.Release, 'now synchronously');
    assert.equal(requests, 1);
  });

  it('an outage is not a bad message, and the next message is read', async () => {
    const memory = createMemoryRegistry();
    let down = true;
    const schemaOf = async (id: number) => {
      if (down) throw new RegistryUnavailable('down');
      return memory.schemaOf(id);
    };
    const writer = await preparedCodec(memory);
    const reader = createCodec({ registry: { ...memory, schemaOf }, subjectOf });
    const bytes = writer.encode('Reward', SAMPLES.Reward);
    await assert.rejects(async () => reader.decode('Reward', bytes), {
      code: 'registry.unavailable',
      retryable: true,
    });
    down = false;
    assert.deepEqual(await reader.decode('Reward', bytes), SAMPLES.Reward);
  });

  it('decode.incompatible: a schema of another language is rejected', async () => {
    const registry = createMemoryRegistry();
    const codec = await preparedCodec({
      ...registry,
      schemaOf: async (id) => (id === 77 ? 'syntax = "proto3";' : registry.schemaOf(id)),
    });
    const bytes = withId(codec.encode('UserAction', SAMPLES.UserAction), 77);
    await assert.rejects(async () => codec.decode('UserAction', bytes), { code: 'decode.incompatible' });
  });

  it('decode.schema-unknown: a negative id is rejected without a request', async () => {
    const codec = await preparedCodec();
    const bytes = withId(codec.encode('UserAction', SAMPLES.UserAction), -2);
    assert.throws(() => codec.decode('UserAction', bytes), { code: 'decode.schema-unknown' });
  });

  it('decode.bytes: a text that is not UTF-8 is rejected, and one with the replacement character is read', async () => {
    const codec = await preparedCodec();
    const encode = (itemId: string) => codec.encode('UserAction', { ...SAMPLES.UserAction, itemId });
    const action = await codec.decode('UserAction', encode('caf\ufffd'));
    assert.equal(action.itemId, 'caf\ufffd');
    const broken = encode('caf\u00e9');
    const at = broken.indexOf(Buffer.from('\u00e9'));
    broken.fill(0xe9, at, at + 2);
    assert.throws(() => codec.decode('UserAction', broken), { code: 'decode.bytes', message: /not UTF-8/ });
  });

  it('a map may have the names of properties that every object has as keys', async () => {
    const codec = await preparedCodec();
    const headers = Object.fromEntries([
      ['__proto__', Buffer.from('p')],
      ['constructor', Buffer.from('c')],
    ]);
    const letter = { ...SAMPLES.DeadLetter, headers };
    const decoded = await codec.decode('DeadLetter', codec.encode('DeadLetter', letter));
    assert.deepEqual(Object.entries(decoded.headers), Object.entries(headers));
  });
});

function avroBody(schema: object, value: object): Buffer {
  return parseWriterType(schema).toBuffer(value);
}
