import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  countAt,
  MOST_SHOWN,
  parseShowings,
  type RememberedShowings,
  rememberShowings,
  type Showing,
  showingsText,
} from './shown-items.ts';

const DAY = 86_400_000;
const START = 1_700_000_000_000;

function showing(offset: number, itemId = 'tea', change: Partial<Showing> = {}): Showing {
  return { offset, userId: 'ann', itemId, servedAt: START + offset, hasReaction: false, ...change };
}

const counts = ({ items }: RememberedShowings) =>
  Object.fromEntries([...items.values()].map(({ itemId, count }) => [itemId, count]));

describe('what is remembered of showings without a reaction', () => {
  it('counts each showing, and half after a week', () => {
    const shown = rememberShowings(undefined, [showing(1), showing(2), showing(3, 'mate')], 'a');
    assert.deepEqual(counts(shown), { tea: 2, mate: 1 });
    assert.equal(countAt(shown.items.get('mate')!, START + 3 + 7 * DAY), 0.5);
    const later = rememberShowings(shown, [showing(4, 'mate', { servedAt: START + 3 + 7 * DAY })], 'a');
    assert.deepEqual(counts(later), { tea: 2, mate: 1.5 });
  });

  it('forgets an item that the user acted on', () => {
    const shown = rememberShowings(undefined, [showing(1), showing(2, 'tea', { hasReaction: true })], 'a');
    assert.deepEqual(counts(shown), {});
    assert.equal(shown.offset, 2);
  });

  it('keeps a bounded number of items, those that were shown most', () => {
    const often = Array.from({ length: 3 }, (_, i) => showing(i, 'often'));
    const others = Array.from({ length: 2 * MOST_SHOWN }, (_, i) => showing(10 + i, `item ${i}`));
    const { items } = rememberShowings(undefined, [...often, ...others], 'a');
    assert.equal(items.size, MOST_SHOWN);
    assert.ok(items.has('often') && items.has(`item ${2 * MOST_SHOWN - 1}`));
    assert.ok(!items.has('item 0'));
  });

  it('is the same after redelivered batches, and begins again with another state of the log', () => {
    const log = fc.array(
      fc.record({
        itemId: fc.constantFrom('tea', 'mate', 'rye'),
        hasReaction: fc.boolean(),
        at: fc.nat(DAY),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(log, fc.array(fc.nat(30)), (given, cuts) => {
        const showings = given.map(({ itemId, hasReaction, at }, offset) =>
          showing(offset, itemId, { hasReaction, servedAt: START + at }),
        );
        const whole = rememberShowings(undefined, showings, 'a');
        let held: RememberedShowings | undefined;
        for (const cut of [...cuts.sort((a, b) => a - b), showings.length])
          held = rememberShowings(parseShowings(held && showingsText(held)), showings.slice(0, cut), 'a');
        assert.deepEqual(counts(held!), counts(whole));
        assert.deepEqual(rememberShowings({ ...whole, incarnation: 'gone' }, showings, 'a'), whole);
      }),
    );
  });

  it('is read back from its text, and a text of another form counts as missing', () => {
    const shown = rememberShowings(undefined, [showing(1, 'té\n"x"'), showing(2)], 'a');
    assert.deepEqual(parseShowings(showingsText(shown)), shown);
    for (const text of [null, '', 'a\n1', 'a\nx\n[]', 'a\n1\n{', 'a\n1\n[1,2,3]', 'a\n1\n{}'])
      assert.equal(parseShowings(text), undefined);
  });
});
