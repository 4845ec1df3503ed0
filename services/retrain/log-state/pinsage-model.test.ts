import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DEFAULT_FEATURE_LAYOUT } from '#algorithms/pinsage/features.ts';
import { applyMessage, putArtefact, readerOf } from '#artefacts/artefact.testing.ts';
import type { Artefact } from '#artefacts/artefact.ts';
import { DecodedArtefacts } from '#artefacts/decoded.ts';
import type { ArtefactReader } from '#artefacts/reader.ts';
import { someModel } from './pinsage-model.testing.ts';
import { type Models, PINSAGE, PINSAGE_FORMAT, pinSageArtefact } from './pinsage-model.ts';

describe('the models of the log', () => {
  let warnings: unknown[];
  let artefacts: ArtefactReader;
  let models: Models;

  beforeEach(() => {
    const { reader, log, warnings: gathered } = readerOf(PINSAGE);
    warnings = gathered;
    artefacts = reader;
    models = new DecodedArtefacts(reader, PINSAGE_FORMAT, log);
  });

  it('a model is read back as it was written', async () => {
    const model = someModel({ ...DEFAULT_FEATURE_LAYOUT, vector: 2 });
    await putArtefact(artefacts, pinSageArtefact('g1', model, 7));
    assert.equal(artefacts.read(PINSAGE, 'g1')?.trainedUpTo, 7);
    assert.deepEqual(models.get('g1'), model);
    assert.equal(models.get('g1'), models.get('g1'), 'each is decoded once');
    assert.equal(models.get('g2'), undefined);
  });

  it('a model in a single message, as written before there were parts, is still read', () => {
    const model = someModel();
    const { bytes, requires, ...artefact } = pinSageArtefact('g1', model, null);
    const value = { ...artefact, weights: bytes, length: 0, checksum: '', parts: [], requires };
    applyMessage(artefacts, { topic: 'models', key: 'pinsage/g1', value });
    assert.deepEqual(models.get('g1'), model);
    assert.deepEqual(artefacts.drain('g1'), [{ model: PINSAGE, generation: 'g1', parts: [] }]);
  });

  it('models are drained once, by key', async () => {
    await putArtefact(artefacts, pinSageArtefact('g1', someModel(), 0));
    assert.deepEqual(artefacts.drain('g1'), [{ model: PINSAGE, generation: 'g1', parts: [0] }]);
    assert.deepEqual(artefacts.drain('g1'), []);
    assert.equal(models.get('g1'), undefined);
  });

  it('a model is dropped with its tombstone', async () => {
    await putArtefact(artefacts, pinSageArtefact('g1', someModel(), 0));
    applyMessage(artefacts, { topic: 'models', key: 'sequence/g1', value: null });
    assert.notEqual(models.get('g1'), undefined);
    applyMessage(artefacts, { topic: 'models', key: 'pinsage/g1', value: null });
    assert.equal(models.get('g1'), undefined);
  });

  it('models of another kind are ignored, and those of another format are logged once', async () => {
    const artefact = pinSageArtefact('g1', someModel(), 0);
    await putArtefact(artefacts, { ...artefact, model: 'sequence' });
    await putArtefact(artefacts, { ...artefact, format: 'tributary.pinsage/2' });
    for (let turn = 0; turn < 2; turn++) assert.equal(models.get('g1'), undefined);
    const reason = `its format is tributary.pinsage/2, not ${artefact.format}: the next training writes it anew`;
    assert.deepEqual(warnings, [{ artefact: 'pinsage/g1', reason }]);
  });

  it('models that cannot be decoded are logged once and skipped', async () => {
    const artefact = pinSageArtefact('g1', someModel(), 0);
    const broken: Partial<Artefact>[] = [
      { bytes: artefact.bytes.subarray(4) },
      { bytes: Buffer.of() },
      { card: '' },
      { card: '{}' },
      { card: 'null' },
      { card: JSON.stringify({ layout: { ...DEFAULT_FEATURE_LAYOUT, words: 1 } }) },
    ];
    for (const [number, change] of broken.entries()) {
      const generation = `g${number}`;
      await putArtefact(artefacts, { ...artefact, generation, ...change });
      assert.equal(models.get(generation), undefined);
      assert.equal(models.get(generation), undefined);
    }
    assert.equal(warnings.length, broken.length);
  });
});
