import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Session } from './recent-sessions.ts';
import { type SessionIndex, transitionsFrom, voteOfNeighbours } from './session-neighbours.ts';

const ITEMS = ['a', 'b', 'c', 'd', 'e'];

const session = (items: readonly string[], lastAt: number): Session => ({
  items,
  types: items.map(() => 'view'),
  lastAt,
});

/** An index of one partition. */
const indexOf = (sessions: readonly Session[]): SessionIndex => ({
  withItem: (itemId) => [sessions.filter(({ items }) => items.includes(itemId))],
});

const sessions = fc
  .array(fc.shuffledSubarray(ITEMS, { minLength: 1 }), { maxLength: 8 })
  .map((lists) => lists.map((items, place) => session(items, place)));
const current = fc.shuffledSubarray(ITEMS, { minLength: 1 }).map((items) => session(items, 100));

/** V-SKNN as its definition says: similarity to every session, then votes of the best. */
function voteSlowly(own: Session, all: readonly Session[], sample: number, neighbours: number) {
  const n = own.items.length;
  const similar = all
    .filter(({ items }) => items.some((itemId) => own.items.includes(itemId)))
    .sort((a, b) => b.lastAt - a.lastAt)
    .slice(0, sample)
    .map((one) => {
      const shared = own.items.map((itemId, place) => (one.items.includes(itemId) ? place : -1));
      const places = shared.filter((place) => place >= 0);
      const similarity = places.reduce((sum, place) => sum + (place + 1) / n, 0);
      return { one, similarity, vote: similarity / (n - Math.max(...places)) };
    })
    .sort((a, b) => b.similarity - a.similarity || b.one.lastAt - a.one.lastAt)
    .slice(0, neighbours);
  return ITEMS.map((itemId) =>
    similar.filter(({ one }) => one.items.includes(itemId)).reduce((sum, { vote }) => sum + vote, 0),
  );
}

describe('session neighbours', () => {
  it('session neighbours vote as V-SKNN is defined', () => {
    fc.assert(
      fc.property(
        current,
        sessions,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 8 }),
        (own, all, sample, neighbours) => {
          const votes = voteOfNeighbours(own, indexOf(all), { compared: 10, sample, neighbours });
          const expected = voteSlowly(own, all, sample, neighbours);
          ITEMS.forEach((itemId, place) => {
            assert.ok(Math.abs((votes.get(itemId) ?? 0) - expected[place]!) < 1e-9, itemId);
          });
        },
      ),
    );
  });

  it('session neighbours are not the session itself, and are sought by its latest items alone', () => {
    const own = session(['a', 'b'], 1);
    const all = [own, session(['a', 'c'], 0), session(['b', 'd'], 0)];
    const votes = voteOfNeighbours(own, indexOf(all), { compared: 1, sample: 9, neighbours: 9 });
    assert.deepEqual([...votes.keys()].sort(), ['b', 'd']);
  });
});

describe('transitions', () => {
  const OPTIONS = { from: 2, fading: 0.5, reach: 2, halfLifeMs: 1_000 };

  it('transitions count the items that followed, by distance, age and place of their source', () => {
    const own = session(['x', 'a', 'b'], 1_000);
    const all = [session(['b', 'c', 'd', 'e'], 0), session(['a', 'd'], 1_000), session(['c', 'b'], 1_000)];
    const transitions = transitionsFrom(own, indexOf(all), OPTIONS);
    const weights = Object.fromEntries([...transitions].map(([itemId, { weight }]) => [itemId, weight]));
    // From b, a half-life ago: c at once and d after it; from a, now and faded: d.
    assert.deepEqual(weights, { c: 0.5, d: 0.25 + 0.5 });
    assert.equal(transitions.get('c')?.source, 2);
    assert.equal(transitions.get('d')?.source, 1, 'a leads to d more than b does');
    assert.equal(transitions.get('d')?.largest, 0.5);
  });

  it('transitions do not come from the session itself', () => {
    const own = session(['a', 'b'], 0);
    assert.equal(transitionsFrom(own, indexOf([own]), OPTIONS).size, 0);
  });
});
