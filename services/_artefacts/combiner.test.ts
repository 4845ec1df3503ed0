import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TRAITS } from '#algorithms/combiner/traits.ts';
import { COMBINER, COMBINER_FORMAT, combinerTables, type LearnedCombiner } from './combiner.ts';
import { type Tables, tablesArtefact } from './tables.ts';

const learned: LearnedCombiner = {
  factors: [
    {
      rank: 2,
      units: Float32Array.of(1, 0, 0, 1),
      fold: Float64Array.of(1, 2),
      offer: Float64Array.of(3, 4),
    },
  ],
  groups: { levels: 1, of: Int32Array.of(0, -1) },
  traits: Float32Array.from({ length: 2 * TRAITS.length }, (_, i) => i),
  weights: Float64Array.from({ length: 3 + TRAITS.length }, (_, i) => i / 2),
  lifts: Float32Array.of(0, 0.5),
};

function artefactOf(tables: Tables) {
  const name = { model: COMBINER, generation: 'g1', itemIds: ['tea', 'nail'] };
  return tablesArtefact({ ...name, tables, card: '{}', trainedUpTo: null });
}

describe('the artefact of the combiner', () => {
  it('a combiner is read as it was written, with and without groups', () => {
    const read = COMBINER_FORMAT.decode(artefactOf(combinerTables(learned)));
    assert.deepEqual(read, { ...learned, itemIds: ['tea', 'nail'] });
    const plain = {
      ...learned,
      groups: { levels: 0, of: new Int32Array(0) },
      weights: learned.weights.slice(1),
    };
    assert.deepEqual(COMBINER_FORMAT.decode(artefactOf(combinerTables(plain))).groups, plain.groups);
  });

  it('a combiner of the version before lifts is read, and lifts nothing', () => {
    const { lifts: _lifts, ...earlier } = combinerTables(learned);
    assert.deepEqual(COMBINER_FORMAT.decode(artefactOf(earlier)).lifts, new Float32Array(2));
  });

  it('a combiner with another number of weights than features is malformed', () => {
    const tables = combinerTables({ ...learned, weights: learned.weights.slice(1) });
    assert.throws(() => COMBINER_FORMAT.decode(artefactOf(tables)), /the table weights holds/);
    const { traits: _traits, ...without } = combinerTables(learned);
    assert.throws(() => COMBINER_FORMAT.decode(artefactOf(without)), /no table traits/);
  });
});
