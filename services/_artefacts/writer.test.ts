import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createCodec } from '#contracts/codec.ts';
import { type RecordName, SCHEMAS } from '#contracts/generated/records.ts';
import { createMemoryRegistry } from '#contracts/memory-registry.ts';
import { CATALOG } from '#topics/catalog.ts';
import { anArtefact, memoryLog } from './artefact.testing.ts';
import { checksumOf, MAX_CARD_BYTES, PART_BYTES } from './artefact.ts';
import { withdrawArtefacts, writeArtefact } from './writer.ts';

/** The brokers' default limit of a batch of messages. */
const BROKER_LIMIT = 1_048_576;

describe('writing an artefact', () => {
  it('writes the parts first and the manifest last', async () => {
    const log = memoryLog();
    const requires = [{ model: 'pinsage', generation: 'g0' }];
    const bytes = Buffer.from('0123456789');
    await writeArtefact(log, anArtefact({ bytes, requires, trainedUpTo: 5 }), 4);
    assert.deepEqual(
      log.messages.map(({ topic, key }) => `${topic} ${key}`),
      [
        'model-parts pinsage/g1/0',
        'model-parts pinsage/g1/1',
        'model-parts pinsage/g1/2',
        'models pinsage/g1',
      ],
    );
    assert.deepEqual(log.messages.at(-1)?.value, {
      model: 'pinsage',
      generation: 'g1',
      format: 'tributary.test/1',
      weights: Buffer.of(),
      card: '',
      length: 10,
      checksum: checksumOf(bytes),
      parts: ['0123', '4567', '89'].map((part) => checksumOf(Buffer.from(part))),
      requires,
      trainedUpTo: 5,
    });
  });

  it('keeps every message below the limit of the brokers, whatever the length of bytes and card', async () => {
    const registry = createMemoryRegistry();
    const records: RecordName[] = ['ModelWeights', 'ModelPart'];
    for (const record of records) await registry.register(record, SCHEMAS[record]);
    const codec = createCodec({ registry, subjectOf: (record) => record });
    await codec.prepare(records);
    const log = memoryLog();
    const card = 'x'.repeat(MAX_CARD_BYTES);
    await writeArtefact(log, anArtefact({ bytes: Buffer.alloc(64 * PART_BYTES + 1), card }));
    assert.equal(log.messages.length, 66);
    for (const { topic, key, value } of log.messages) {
      const bytes = codec.encode(CATALOG[topic].schema, value as never).length + key.length;
      assert.ok(bytes < BROKER_LIMIT - 1_024, `${key} has ${bytes} bytes`);
    }
  });

  it('waits for all parts before it writes the manifest, and writes none if a part fails', async () => {
    const log = memoryLog();
    const produce: typeof log.produce = async (topic, key, value) => {
      if (key === 'pinsage/g1/1') throw new Error('no broker');
      return log.produce(topic, key, value);
    };
    await assert.rejects(
      writeArtefact({ produce }, anArtefact({ bytes: Buffer.alloc(100) }), 4),
      /no broker/,
    );
    assert.ok(log.messages.every(({ topic }) => topic === 'model-parts'));
  });

  it('rejects a name or a card that no manifest can hold, before it writes anything', async () => {
    const log = memoryLog();
    for (const change of [{ model: 'a/b' }, { generation: '' }, { card: 'x'.repeat(MAX_CARD_BYTES + 1) }]) {
      await assert.rejects(writeArtefact(log, anArtefact(change)), { name: 'RangeError' });
    }
    assert.deepEqual(log.messages, []);
  });
});

describe('withdrawing artefacts', () => {
  it('withdraws all manifests in the given order, and then the parts', async () => {
    const log = memoryLog();
    await withdrawArtefacts(log, [
      { model: 'latents', generation: 'g1', parts: [0] },
      { model: 'pinsage', generation: 'g1', parts: [0, 3] },
    ]);
    assert.ok(log.messages.every(({ value }) => value === null));
    assert.deepEqual(
      log.messages.map(({ topic, key }) => `${topic} ${key}`),
      [
        'models latents/g1',
        'models pinsage/g1',
        'model-parts latents/g1/0',
        'model-parts pinsage/g1/0',
        'model-parts pinsage/g1/3',
      ],
    );
  });
});
