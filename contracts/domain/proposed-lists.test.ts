import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  columnsOf,
  columnsOfModel,
  combineProposals,
  type ModelProposal,
  modelNamesOf,
  modelProposalsOf,
} from './proposed-lists.ts';
import { proposalFault } from './record-validity.ts';
import { aCause, aProposal, aProposedItem, RECORDED_AT } from './records.testing.ts';

const itemIds = ['tea', 'rye', 'oats', '__proto__', 'constructor'];

const items = fc.uniqueArray(
  fc.record({
    itemId: fc.constantFrom(...itemIds),
    score: fc.integer({ min: -9, max: 9 }),
    because: fc.option(
      fc.record({ itemId: fc.constantFrom(...itemIds), importance: fc.constantFrom(0, 0.5) }).map(aCause),
    ),
    explanation: fc.constantFrom('', 'often with {cause}', 'popular'),
  }),
  { selector: ({ itemId }) => itemId },
);

/** Lists of several models for one user, in which an item has one popularity. */
const proposals: fc.Arbitrary<ModelProposal[]> = fc
  .uniqueArray(
    fc.record({
      model: fc.constantFrom('a', 'b', 'c'),
      generation: fc.constantFrom(null, 'g1'),
      explanation: fc.constantFrom('', 'popular'),
      items,
    }),
    { selector: ({ model }) => model, minLength: 1 },
  )
  .map((lists) =>
    lists.map((list) => ({
      ...{ userId: 'u1', version: 3, receivedAt: RECORDED_AT, recent: ['tea'] },
      ...{ interestsOffset: 7, interestsAt: RECORDED_AT },
      ...list,
      items: list.items.map((item) => ({ ...item, popularity: itemIds.indexOf(item.itemId) / 10 })),
    })),
  );

describe('the lists of a proposal', () => {
  it('a record of several models holds their lists unchanged, and each candidate once', () => {
    fc.assert(
      fc.property(proposals, (given) => {
        const record = combineProposals(given);
        assert.deepEqual(modelProposalsOf(record), given);
        assert.deepEqual(
          modelNamesOf(record),
          given.map(({ model }) => model),
        );
        assert.equal(new Set(record.candidates).size, record.candidates.length);
        assert.equal(proposalFault({ value: record, key: 'u1', timestamp: RECORDED_AT }), undefined);
      }),
    );
  });

  it('a record of one model and a record of its list alone have the same columns', () => {
    const item = aProposedItem({ because: aCause(), popularity: 0.5 });
    const single = aProposal({
      items: [item, aProposedItem({ itemId: 'rye', score: 0.5 })],
      recent: ['tea'],
    });
    const [own] = columnsOf(single);
    assert.deepEqual(columnsOf(combineProposals(modelProposalsOf(single))), [own]);
    assert.deepEqual(columnsOfModel(single), own);
    assert.deepEqual(modelNamesOf(single), ['trending']);
  });

  it('a candidate of several lists has the largest popularity that one of them names', () => {
    const [one] = modelProposalsOf(aProposal({ items: [aProposedItem({ popularity: 0.25 })] }));
    const [other] = modelProposalsOf(aProposal({ model: 'b', items: [aProposedItem({ popularity: 0.5 })] }));
    assert.deepEqual(combineProposals([one!, other!]).popularity, [0.5]);
  });

  it('the popularity of candidates without any is 0', () => {
    const record = { ...combineProposals(modelProposalsOf(aProposal())), popularity: [] };
    assert.equal(modelProposalsOf(record)[0]?.items[0]?.popularity, 0);
  });
});
