import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { gatherCandidates } from './candidates.ts';
import { type KindLimit, limitKinds } from './kinds.ts';
import { listOf, NOW, someItem, someProposal } from './pools/proposals.testing.ts';

/** Items named by kind and rank, such as m1, the best first. */
function candidatesOf(itemIds: readonly string[]) {
  const items = itemIds.map((itemId, place) => someItem(itemId, itemIds.length - place));
  return gatherCandidates([listOf(someProposal({ items }))], { excluded: new Set(), now: NOW });
}

const BY_LETTER: KindLimit = {
  kindOf: (itemId) => (itemId.startsWith('x') ? undefined : itemId.charCodeAt(0)),
  most: 2,
};

function shown(itemIds: readonly string[], size: number, limit = BY_LETTER): string[] {
  return limitKinds(candidatesOf(itemIds), size, limit).candidates.map(({ itemId }) => itemId);
}

describe('the limit of items of one kind', () => {
  it('a slate of ten has at most two of one kind, the best, and items of no known kind without limit', () => {
    const rest = ['x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'b1', 'b2'];
    assert.deepEqual(shown(['m1', 'm2', 'm3', 'm4', ...rest], 10), ['m1', 'm2', ...rest]);
  });

  it('a longer slate may show as many more of a kind', () => {
    const milk = ['m1', 'm2', 'm3', 'm4', 'm5'];
    const rest = Array.from({ length: 20 }, (_, i) => `x${i}`);
    assert.deepEqual(shown([...milk, ...rest], 20), [...milk.slice(0, 4), ...rest]);
  });

  it('a slate that would not be full shows the best of the others too', () => {
    assert.deepEqual(shown(['m1', 'm2', 'm3', 'm4', 'm5', 'b1'], 5), ['m1', 'm2', 'm3', 'm4', 'b1']);
    assert.deepEqual(shown(['m1', 'm2', 'm3'], 10), ['m1', 'm2', 'm3']);
  });

  it('candidates keep their features and their order, and nothing is copied where nothing is left out', () => {
    const all = candidatesOf(['m1', 'b1', 'm2', 'm3']);
    assert.equal(limitKinds(all, 4, { ...BY_LETTER, most: 3 }), all);
    const { candidates, features } = limitKinds(all, 3, BY_LETTER);
    const width = features.columns.length;
    candidates.forEach(({ itemId }, row) => {
      const before = all.candidates.findIndex((candidate) => candidate.itemId === itemId);
      assert.deepEqual(
        [...features.values.subarray(row * width, (row + 1) * width)],
        [...all.features.values.subarray(before * width, (before + 1) * width)],
      );
    });
  });

  it('no slate is shorter for the limit, whatever the kinds are', () => {
    const kinds = fc.array(fc.constantFrom('a', 'b', 'c', 'x'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(kinds, fc.integer({ min: 1, max: 50 }), (letters, size) => {
        const itemIds = letters.map((letter, place) => `${letter}${place}`);
        assert.ok(shown(itemIds, size).length >= Math.min(size, itemIds.length));
      }),
    );
  });
});
