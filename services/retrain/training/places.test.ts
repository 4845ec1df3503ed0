import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom } from '#algorithms/random.ts';
import { dot, norm, row } from '#algorithms/vectors.ts';
import { communityInput } from './fixture.testing.ts';
import { anchorsOf, createPlacer, withoutStructure } from './places.ts';

describe('places of items', () => {
  const { itemCount, features, structure, actions } = communityInput({ communities: 5 });
  const width = features.length / itemCount;
  const { before } = splitByTime(actions, 0.3);
  const placer = createPlacer(before, { itemCount, structure }, createRandom('places'));
  const placed = placer.place(features, before);
  const place = (item: number) => row(placed, item, width).subarray(0, structure);

  it('places are near for items that the same users take, and other features do not change', () => {
    for (const item of [0, 5, 10, 31]) {
      assert.ok(Math.abs(norm(place(item)) - 1) < 1e-5);
      assert.ok(
        dot(place(item), place((item + 5) % itemCount)) > dot(place(item), place((item + 1) % itemCount)),
      );
    }
    assert.deepEqual(withoutStructure(placed, width, structure), features);
  });

  it('later actions hardly move the places', () => {
    const later = placer.place(features, actions);
    for (let item = 0; item < itemCount; item++) {
      assert.ok(dot(place(item), row(later, item, width).subarray(0, structure)) > 0.9);
    }
  });

  it('places are rotated to those of another training, by its places of a few items', () => {
    const layout = { itemCount, structure };
    const distance = (placer: ReturnType<typeof createPlacer>) => {
      const other = placer.place(features, actions);
      return Math.max(
        ...Array.from({ length: itemCount }, (_, item) =>
          Math.hypot(...place(item).map((value, d) => value - other[item * width + d]!)),
        ),
      );
    };
    const anchors = anchorsOf(placed, layout, before, 12);
    assert.equal(anchors.items.length, 12);
    assert.ok(distance(createPlacer(actions, layout, createRandom('other'))) > 1);
    assert.ok(distance(createPlacer(actions, layout, createRandom('other'), anchors)) < 0.5);
  });

  it('a model without room for places gets none', () => {
    const none = createPlacer(before, { itemCount, structure: 0 }, createRandom('places'));
    assert.deepEqual(none.place(features, before), features);
  });
});
