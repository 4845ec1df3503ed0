import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { anItem } from '#contracts/domain/records.testing.ts';
import { ItemFacts } from './availability/item-facts.ts';
import { OfferedItems } from './availability/offered-items.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someItem } from './pools/proposals.testing.ts';
import type { ItemsShown } from './pools/shown-items.ts';
import { PreparedCandidates } from './prepared-candidates.ts';

const DAY = 86_400_000;
const ITEMS = ['tea', 'mate', 'rye', 'oats'];

function prepare(catalogue: Readonly<Record<string, Readonly<Record<string, string>>>>) {
  const unreadable: string[] = [];
  const facts = new ItemFacts({ countUnreadable: (attribute) => unreadable.push(attribute) });
  for (const [itemId, attributes] of Object.entries(catalogue))
    facts.apply(itemId, anItem({ attributes, updatedAt: NOW - 30 * DAY }));
  const offered = new OfferedItems();
  const prepared = new PreparedCandidates({ excludeRecent: true, offered, items: facts });
  const items = ITEMS.map((itemId, place) => someItem(itemId, 9 - place));
  const pool = joinPools([held(1, { model: 'content', items })], []);
  const column = (name: string, shown?: ItemsShown, now = NOW) => {
    const { columns, values } = prepared.of(pool, now, shown).features;
    const place = columns.indexOf(name);
    return place === -1 ? undefined : ITEMS.map((_, row) => values[row * columns.length + place]!);
  };
  return { column, facts, unreadable };
}

describe('the features of items that no proposal carries', () => {
  it('newness is 1 for a new item, half after a month, and 0 for an item that is not listed', () => {
    const { column } = prepare({ tea: { since: new Date(NOW).toISOString() }, mate: {} });
    assert.deepEqual(column('item.newness'), [1, 0.5, 0, 0]);
  });

  it('the price is standardised over the candidates that have one, and without any price there is no column', () => {
    const { column } = prepare({ tea: { price: '1' }, mate: { price: '100' }, rye: {} });
    assert.deepEqual(column('item.price'), [-1, 1, 0, 0]);
    assert.equal(prepare({ tea: {} }).column('item.price'), undefined);
    assert.deepEqual(prepare({ tea: { price: '7' } }).column('item.price'), [0, 0, 0, 0]);
  });

  it('an attribute that cannot be read is counted, and the item counts as one without it', () => {
    const { column, unreadable } = prepare({
      tea: { price: 'about 7', since: 'lately' },
      mate: { price: '-3' },
      rye: { price: '0' },
    });
    assert.deepEqual(unreadable.sort(), ['price', 'price', 'since']);
    assert.deepEqual(column('item.newness'), [0.5, 0.5, 0.5, 0]);
  });

  it('showings without a reaction raise a feature of the user alone, which decays', () => {
    const { column } = prepare({});
    const shown = new Map([['mate', { itemId: 'mate', count: 16, at: NOW }]]);
    assert.deepEqual(column('item.shown', shown), [0, 1, 0, 0]);
    const [, later] = column('item.shown', shown, NOW + 7 * DAY)!;
    assert.equal(later, Math.log1p(8) / Math.log1p(16));
    assert.deepEqual(column('item.shown'), [0, 0, 0, 0], 'the next user has seen none');
  });

  it('a change of the catalogue is in the next slate', () => {
    const { column, facts } = prepare({ tea: { price: '1' }, mate: { price: '100' } });
    column('item.price');
    facts.apply('rye', anItem({ attributes: { price: '10' }, updatedAt: NOW }));
    const [tea, mate, rye] = column('item.price')!;
    assert.ok(tea! < rye! && rye! < mate!);
    assert.equal(column('item.newness')![2], 1);
  });
});
