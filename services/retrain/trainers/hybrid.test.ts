import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hybridParts } from './hybrid.ts';

describe('the parts of the hybrid vectors', () => {
  /** One item a row: a place, two labels, one word, and the degree, which is no part. */
  const features = Float32Array.of(9, 1, 2, 0, 7, 9, 3, 4, 5, 7);
  const layout = { structure: 1, labels: 2, words: 1, vector: 0 };
  const behaviour = {
    rank: 2,
    units: Float32Array.of(0, 1, 1, 0),
    fold: new Float64Array(2),
    offer: new Float64Array(2),
  };

  it('behaviour, labels and text are parts of their own, and a part of which nothing is known is none', () => {
    const parts = hybridParts({ itemCount: 2, features, layout, trained: { behaviour } });
    assert.deepEqual(
      parts.map(({ name, width, values }) => [name, width, [...values]]),
      [
        ['behaviour', 2, [0, 1, 1, 0]],
        ['labels', 2, [1, 2, 3, 4]],
        ['text', 1, [0, 5]],
      ],
    );
    const unknown = { ...behaviour, units: new Float32Array(4) };
    const [first] = hybridParts({ itemCount: 2, features, layout, trained: { behaviour: unknown } });
    assert.equal(first?.name, 'labels');
  });
});
