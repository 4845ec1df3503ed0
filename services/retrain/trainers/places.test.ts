import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompanionInput, CompanionModel } from './companion.ts';
import { placesCompanion } from './places.ts';

function train(places: Float32Array, structure: number) {
  const itemCount = structure === 0 ? 3 : places.length / structure;
  const input = { trained: { places }, structure, itemCount } as unknown as CompanionInput;
  return placesCompanion.train(input) as CompanionModel;
}

describe('the places of the items as a space', () => {
  it('places are centred and of length 1, and an item without a place has none', () => {
    const places = Float32Array.of(1, 0, 0.6, 0.8, 0, 0);
    const { units } = train(places, 2).tables;
    assert.equal(units!.columns, 2);
    for (const item of [0, 1])
      assert.ok(Math.abs(Math.hypot(...units!.values.subarray(2 * item, 2 * item + 2)) - 1) < 1e-6);
    assert.deepEqual([...units!.values.subarray(4)], [0, 0]);
    assert.deepEqual([...places], [...Float32Array.of(1, 0, 0.6, 0.8, 0, 0)], 'the input is not changed');
  });

  it('items without places are refused with a reason', () => {
    assert.throws(() => train(new Float32Array(0), 0), /have no places/);
  });
});
