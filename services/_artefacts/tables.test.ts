import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { tableOf, tablesArtefact, tablesFormat } from './tables.ts';

const NAMED = {
  itemIds: ['tea', 'grüner Tee'],
  tables: {
    units: { columns: 2, values: Float32Array.of(1, 0, 0, -1) },
    bias: { columns: 1, values: Float32Array.of(0.5, 0.25) },
  },
};

describe('the artefact of a model in tables', () => {
  const artefact = tablesArtefact({
    ...NAMED,
    model: 'places',
    generation: 'g1',
    card: '{}',
    trainedUpTo: 5,
  });
  const format = tablesFormat('places', (named) => named);

  it('the artefact of a model in tables holds the tables and the ids of the items', () => {
    assert.equal(artefact.format, format.format);
    assert.deepEqual([artefact.model, artefact.generation, artefact.trainedUpTo], ['places', 'g1', 5]);
    assert.deepEqual(format.decode(artefact), NAMED);
  });

  it('malformed bytes of tables are refused with a reason', () => {
    const decode = (bytes: Buffer) => format.decode({ ...artefact, bytes });
    assert.throws(() => decode(Buffer.alloc(2)), /places are truncated/);
    assert.throws(() => decode(artefact.bytes.subarray(0, 6)), /truncated/);
    assert.throws(() => decode(artefact.bytes.subarray(0, -4)), /20 bytes for 6 numbers/);
    const odd = Buffer.from(artefact.bytes);
    odd.writeFloatLE(Number.NaN, odd.length - 4);
    assert.throws(() => decode(odd), /table bias of places is NaN at component/);
  });

  it('a table of another shape than the model needs is refused with its name', () => {
    assert.equal(tableOf(NAMED.tables, 'units', 2), NAMED.tables.units);
    assert.throws(
      () => tableOf(NAMED.tables, 'units', 2, 3),
      /units holds 4 numbers in rows of 2, not 2 × 3/,
    );
    assert.throws(() => tableOf(NAMED.tables, 'bias', 3), /bias holds 2 numbers/);
    assert.throws(() => tableOf(NAMED.tables, 'none', 2), /no table none/);
  });
});
