import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CompanionInput, CompanionModel } from './companion.ts';
import { contentCompanion } from './content.ts';

const layout = { structure: 1, labels: 2, words: 1, vector: 0 };

function train(features: Float32Array) {
  const input = { itemCount: features.length / 5, features, layout } as CompanionInput;
  return contentCompanion.train(input) as CompanionModel;
}

describe('the content of the items as a space', () => {
  it('content is centred and of length 1, without place and degree, and an item of unknown content has no vector', () => {
    const { tables, facts } = train(Float32Array.of(9, 1, 0, 1, 7, 9, 0, 1, 0, 7, 9, 0, 0, 0, 7));
    const { columns, values } = tables.units!;
    assert.equal(columns, 3);
    for (const item of [0, 1])
      assert.ok(Math.abs(Math.hypot(...values.subarray(3 * item, 3 * item + 3)) - 1) < 1e-6);
    assert.deepEqual([...values.subarray(6)], [0, 0, 0]);
    assert.deepEqual(facts, { dimension: 3, known: 2 });
  });

  it('a catalogue without content is refused with a reason', () => {
    assert.throws(() => train(Float32Array.of(9, 0, 0, 0, 7)), /nothing is known of the content/);
  });
});
