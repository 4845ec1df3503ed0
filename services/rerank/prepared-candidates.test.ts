import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OfferedItems } from './availability/offered-items.ts';
import { gatherCandidates } from './candidates.ts';
import { joinPools } from './pools/pool.ts';
import { held, NOW, someCause, someItem } from './pools/proposals.testing.ts';
import { PreparedCandidates } from './prepared-candidates.ts';

const items = [
  someItem('oats', 0.9, { because: someCause(), popularity: 0.5 }),
  someItem('rye', 0.8),
  someItem('milk', 0.7),
];

function somePool() {
  const own = held(4, { model: 'medoid-neighbours', version: 9, items, recent: ['milk'] });
  return joinPools([own], [held(0, { userId: '*', version: -1, items: [someItem('tea', 8)] })]);
}

const HOUR = 3_600_000;

test('prepared candidates are those that are gathered at the time of each request', () => {
  const pool = somePool();
  const offered = new OfferedItems();
  const prepared = new PreparedCandidates({ excludeRecent: true, offered });
  for (const now of [NOW, NOW + HOUR, NOW - HOUR])
    assert.deepEqual(
      prepared.of(pool, now),
      gatherCandidates(pool.proposals, { excluded: pool.recent, now }),
    );
  const all = new PreparedCandidates({ excludeRecent: false, offered });
  assert.equal(all.of(pool, NOW).candidates.length, 4);
  const equal = new PreparedCandidates({ excludeRecent: true, areListsEqual: true, offered });
  const options = { excluded: pool.recent, areListsEqual: true, now: NOW };
  assert.deepEqual(equal.of(pool, NOW), gatherCandidates(pool.proposals, options));
});

test('prepared candidates are computed again for another pool and after a change of the catalogue, and else not', () => {
  const [pool, other] = [somePool(), somePool()];
  const offered = new OfferedItems();
  const prepared = new PreparedCandidates({ excludeRecent: true, offered });
  const first = prepared.of(pool, NOW);
  assert.equal(prepared.of(pool, NOW + HOUR), first);
  assert.notEqual(prepared.of(other, NOW), first);
  for (const itemId of ['oats', 'tea']) offered.apply(itemId, { availability: 'available' });
  const itemsOf = () => prepared.of(pool, NOW).candidates.map(({ itemId }) => itemId);
  assert.deepEqual(itemsOf(), ['oats', 'tea']);
  offered.apply('oats', null);
  assert.deepEqual(itemsOf(), ['tea']);
});
