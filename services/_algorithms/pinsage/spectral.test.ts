import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { dot, norm, row } from '../vectors.ts';
import { buildGraph } from './graph.ts';
import { spectralBasis, spectralPositions } from './spectral.ts';

const edgesOf = (pairs: readonly (readonly [item: number, context: number])[]) => ({
  item: Int32Array.from(pairs, ([item]) => item),
  context: Int32Array.from(pairs, ([, context]) => context),
  weight: new Float32Array(pairs.length).fill(1),
});

/** Two groups of items with separate contexts, except for one context that has items of both. */
function twoGroups() {
  const pairs: [number, number][] = [];
  for (let context = 0; context < 20; context++) {
    for (let i = 0; i < 3; i++) pairs.push([(context % 2) * 5 + ((context + i) % 5), context]);
  }
  pairs.push([0, 20], [5, 20]);
  return pairs;
}

describe('spectral positions', () => {
  it('positions are near for items of shared contexts and far apart for others', () => {
    const graph = buildGraph(edgesOf(twoGroups()), { itemCount: 10 });
    const positions = spectralPositions(graph, spectralBasis(graph, 1, createRandom(1)));
    const side = (item: number) => Math.sign(positions[item]!);
    for (let item = 0; item < 5; item++) {
      assert.equal(side(item), side(0));
      assert.equal(side(5 + item), -side(0));
    }
  });

  it('a later graph is placed in the same coordinates', () => {
    const early = buildGraph(edgesOf(twoGroups()), { itemCount: 12 });
    const basis = spectralBasis(early, 4, createRandom(1));
    const later = buildGraph(edgesOf([...twoGroups(), [10, 1], [10, 3], [11, 99]]), { itemCount: 12 });
    const before = spectralPositions(early, basis);
    const after = spectralPositions(later, basis);
    for (let item = 0; item < 10; item++) assert.ok(dot(row(before, item, 4), row(after, item, 4)) > 0.9);
    assert.ok(dot(row(after, 10, 4), row(after, 6, 4)) > dot(row(after, 10, 4), row(after, 1, 4)));
    assert.deepEqual([...row(after, 11, 4)], [0, 0, 0, 0], 'in no context of the basis');
  });

  it('positions are finite and of length 1 or 0 in any graph, however few its dimensions', () => {
    const pair = fc.tuple(fc.nat(6), fc.nat(5));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), fc.nat(), (pairs, seed) => {
        const graph = buildGraph(edgesOf(pairs), { itemCount: 7 });
        const positions = spectralPositions(graph, spectralBasis(graph, 8, createRandom(seed)));
        for (let item = 0; item < 7; item++) {
          const length = norm(row(positions, item, 8));
          assert.ok(length === 0 || Math.abs(length - 1) < 1e-5, `item ${item} has length ${length}`);
        }
      }),
    );
  });
});
