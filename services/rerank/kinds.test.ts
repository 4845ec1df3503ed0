import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { certainRows } from '#algorithms/bandit/choice.ts';
import { gatherCandidates } from './candidates.ts';
import { kindsOfCandidates, priorScores } from './kinds.ts';
import { listOf, NOW, someItem, someProposal } from './pools/proposals.testing.ts';
import { slateRulesOf } from './rules.ts';
import { type LimitSource, limitsOf } from './slate-limits.ts';

/** Items named by kind and rank, such as m1, the best first. */
function candidatesOf(itemIds: readonly string[]) {
  const items = itemIds.map((itemId, place) => someItem(itemId, itemIds.length - place));
  return gatherCandidates([listOf(someProposal({ items }))], { excluded: new Set(), now: NOW });
}

/** The letter is the kind, and all items but the x are alike by half of their letter and number. */
const BY_LETTER: LimitSource = {
  version: 1,
  kindOf: (itemId) => (itemId.startsWith('x') ? undefined : itemId.charCodeAt(0)),
  termsOf: (itemId) =>
    itemId.startsWith('x') ? [] : [itemId.charCodeAt(0), 1_000 + Number(itemId.slice(1))],
};

/** The slate that a policy shows that has learned nothing. */
function shown(itemIds: readonly string[], size: number, ofOneKind = 2, leastNovelty = 0): string[] {
  const all = candidatesOf(itemIds);
  const limits = limitsOf(all, size, { ofOneKind, leastNovelty }, BY_LETTER);
  const rules = slateRulesOf({ ...all, pinned: new Map() }, size, 0, limits);
  return Array.from(certainRows(priorScores(all), size, rules), (row) => all.candidates[row]!.itemId);
}

describe('the limit of items of one kind', () => {
  it('a slate of ten has at most two of one kind, the best, and items of no known kind without limit', () => {
    const rest = ['x1', 'x2', 'x3', 'x4', 'x5', 'x6', 'b1', 'b2'];
    assert.deepEqual(shown(['m1', 'm2', 'm3', 'm4', ...rest], 10), ['m1', 'm2', ...rest]);
  });

  it('a longer slate may show as many more of a kind', () => {
    const milk = ['m1', 'm2', 'm3', 'm4', 'm5'];
    const rest = Array.from({ length: 20 }, (_, i) => `x${i}`);
    assert.deepEqual(shown([...milk, ...rest], 20), [...milk.slice(0, 4), ...rest.slice(0, 16)]);
  });

  it('a slate that would not be full shows the best of the others too, behind', () => {
    assert.deepEqual(shown(['m1', 'm2', 'm3', 'm4', 'm5', 'b1'], 5), ['m1', 'm2', 'b1', 'm3', 'm4']);
    assert.deepEqual(shown(['m1', 'm2', 'm3'], 10), ['m1', 'm2', 'm3']);
  });

  it('without limits there are no rules, so that a slate costs no more', () => {
    const all = candidatesOf(['m1', 'm2', 'm3']);
    const limits = limitsOf(all, 3, { ofOneKind: 0, leastNovelty: 0 }, BY_LETTER);
    assert.equal(slateRulesOf({ ...all, pinned: new Map() }, 3, 0, limits), undefined);
  });

  it('kinds are found once for a table of candidates, and again when the catalogue changes', () => {
    const all = candidatesOf(['m1', 'b1', 'm2']);
    const kinds = kindsOfCandidates(all, BY_LETTER);
    assert.equal(kindsOfCandidates(all, BY_LETTER), kinds);
    const changed = { ...BY_LETTER, version: 2, kindOf: () => undefined };
    assert.deepEqual([...kindsOfCandidates(all, changed).ofRow], [-1, -1, -1]);
  });

  it('no slate is shorter for the limit, whatever the kinds are', () => {
    const kinds = fc.array(fc.constantFrom('a', 'b', 'c', 'x'), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        kinds,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom(0, 0.7),
        (letters, size, novelty) => {
          const itemIds = letters.map((letter, place) => `${letter}${place}`);
          assert.equal(shown(itemIds, size, 2, novelty).length, Math.min(size, itemIds.length));
        },
      ),
    );
  });
});

describe('the minimal marginal relevance', () => {
  it('leaves out items too like one above, as far as others fill the slate', () => {
    // m1 and m2 share one of three terms: each adds two thirds to the other.
    assert.deepEqual(shown(['m1', 'm2', 'b3', 'x4'], 3, 0, 0.6), ['m1', 'm2', 'b3']);
    assert.deepEqual(shown(['m1', 'm2', 'b3', 'x4'], 3, 0, 0.7), ['m1', 'b3', 'x4']);
    assert.deepEqual(shown(['m1', 'm2', 'b3'], 3, 0, 0.7), ['m1', 'b3', 'm2']);
  });

  it('keeps items of which the catalogue says nothing, because they are like none', () => {
    assert.deepEqual(shown(['x1', 'x2', 'x3'], 2, 0, 1), ['x1', 'x2']);
  });
});
