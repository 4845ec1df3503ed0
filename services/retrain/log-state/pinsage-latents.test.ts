import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { putArtefact, readerOf } from '#artefacts/artefact.testing.ts';
import { DecodedArtefacts } from '#artefacts/decoded.ts';
import type { ArtefactReader } from '#artefacts/reader.ts';
import {
  type Latents,
  type LatentTable,
  latentsArtefact,
  PINSAGE_LATENTS,
  PINSAGE_LATENTS_FORMAT,
} from './pinsage-latents.ts';
import { someModel } from './pinsage-model.testing.ts';
import { PINSAGE, pinSageArtefact } from './pinsage-model.ts';

const TABLE: LatentTable = {
  itemIds: ['tea', 'nail é/1', 'rope'],
  places: Float32Array.of(1, 2, 3, 4, 5, 6),
  latents: [Float32Array.of(0.5, 1.5, 2.5), Float32Array.of(7, 8, 9)],
  neighbourhoods: {
    size: 2,
    neighbours: Int32Array.of(1, 2, 0, -1, -1, -1),
    weights: Float32Array.of(0.75, 0.25, 1, 0, 0, 0),
  },
};

/** Offset of the first float: it stands behind five widths, three lengths of ids and six numbers of neighbours. */
const FLOATS = 4 * (5 + 3 + 6);

describe('the latents of the log', () => {
  let artefacts: ArtefactReader;
  let warnings: object[];
  let latents: Latents;

  beforeEach(async () => {
    const { reader, log, warnings: gathered } = readerOf(PINSAGE, PINSAGE_LATENTS);
    artefacts = reader;
    warnings = gathered;
    latents = new DecodedArtefacts(reader, PINSAGE_LATENTS_FORMAT, log);
    await putArtefact(artefacts, pinSageArtefact('g', someModel(), 7));
  });

  it('latents are read back for all convolutions of the trained items', async () => {
    await putArtefact(artefacts, latentsArtefact('g', TABLE, 7));
    const known = latents.get('g');
    assert.deepEqual(known?.of('tea'), [Float32Array.of(0.5), Float32Array.of(7)]);
    assert.deepEqual(known?.of('nail é/1'), [Float32Array.of(1.5), Float32Array.of(8)]);
    assert.equal(known?.of('glue'), undefined);
    assert.equal(latents.get('other'), undefined);
  });

  it('place and neighbourhood of a trained item are read back', async () => {
    await putArtefact(artefacts, latentsArtefact('g', TABLE, 7));
    const known = latents.get('g');
    assert.deepEqual(known?.trained('tea'), {
      place: Float32Array.of(1, 2),
      itemIds: ['nail é/1', 'rope'],
      importance: Float32Array.of(0.75, 0.25),
    });
    assert.deepEqual(known?.trained('nail é/1')?.itemIds, ['tea']);
    assert.deepEqual(known?.trained('rope')?.itemIds, []);
    assert.equal(known?.trained('glue'), undefined);
  });

  it('latents are not read without the weights of their generation', async () => {
    const artefact = latentsArtefact('h', TABLE, 7);
    assert.deepEqual(artefact.requires, [{ model: PINSAGE, generation: 'h' }]);
    await putArtefact(artefacts, artefact);
    assert.equal(latents.get('h'), undefined);
    await putArtefact(artefacts, pinSageArtefact('h', someModel(), 7));
    assert.notEqual(latents.get('h'), undefined);
  });

  it('latents are read back if there are no items, places or neighbours', async () => {
    const none = { size: 0, neighbours: new Int32Array(), weights: new Float32Array() };
    const places = new Float32Array();
    for (const [generation, itemIds] of [
      ['g1', []],
      ['g2', ['tea']],
    ] as const) {
      await putArtefact(artefacts, pinSageArtefact(generation, someModel(), null));
      const table = { itemIds, places, latents: [new Float32Array(itemIds.length)], neighbourhoods: none };
      await putArtefact(artefacts, latentsArtefact(generation, table, null));
    }
    assert.equal(latents.get('g1')?.of('tea'), undefined);
    assert.deepEqual(latents.get('g2')?.of('tea'), [Float32Array.of(0)]);
    assert.deepEqual(warnings, []);
  });

  it('latents that cannot be decoded are logged and skipped', async () => {
    const { bytes, ...artefact } = latentsArtefact('g', TABLE, 7);
    const broken = [bytes.subarray(0, 3), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])];
    const notANumber = Buffer.from(bytes);
    notANumber.writeFloatLE(Number.NaN, FLOATS);
    const noNeighbour = Buffer.from(bytes);
    noNeighbour.writeInt32LE(3, FLOATS - 4);
    const negative = Buffer.from(bytes);
    negative.writeInt32LE(-1, 4);
    for (const [number, wrong] of [...broken, notANumber, noNeighbour, negative].entries()) {
      const generation = `broken ${number}`;
      await putArtefact(artefacts, pinSageArtefact(generation, someModel(), null));
      const requires = [{ model: PINSAGE, generation }];
      await putArtefact(artefacts, { ...artefact, generation, requires, bytes: wrong });
      assert.equal(latents.get(generation), undefined);
      assert.equal(warnings.length, number + 1);
    }
  });
});
