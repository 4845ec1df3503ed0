import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DecayedCounts } from './popularity.ts';

const HOUR = 3_600_000;
const HALF_LIFE = 10 * HOUR;
const START = 1_700_000_000_000;
const ITEMS = ['a', 'b', 'c', 'd', 'e'];

interface Counted {
  itemId: string;
  occurredAt: number;
  weight: number;
}

/** Over 2,000 half-lives, so that the landmark moves and old counts vanish. */
const logs = fc.array(
  fc.record({
    itemId: fc.constantFrom(...ITEMS),
    occurredAt: fc.oneof(fc.nat(100), fc.nat(20_000)).map((hours) => START + hours * HOUR),
    weight: fc.integer({ min: 1, max: 5 }),
  }),
  { maxLength: 40 },
);

function countAll(log: readonly Counted[]): DecayedCounts {
  const counts = new DecayedCounts(HALF_LIFE);
  for (const { itemId, occurredAt, weight } of log) counts.add(itemId, occurredAt, weight);
  return counts;
}

/** Backward decay from the definition. */
function countFromDefinition(log: readonly Counted[], item: string, at: number): number {
  return log
    .filter(({ itemId }) => itemId === item)
    .reduce((sum, { occurredAt, weight }) => sum + weight * 0.5 ** ((at - occurredAt) / HALF_LIFE), 0);
}

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, expected), `${actual} is not ${expected}`);
}

test('counts are those of the definition, whatever the order of the actions', () => {
  const shuffled = logs.chain((log) =>
    fc.tuple(fc.constant(log), fc.shuffledSubarray(log, { minLength: log.length })),
  );
  fc.assert(
    fc.property(shuffled, fc.nat(50), ([log, arrival], hoursLater) => {
      const counts = countAll(arrival);
      const at = counts.streamTime + hoursLater * HOUR;
      for (const item of ITEMS) {
        assertNear(counts.count(item, at), countFromDefinition(log, item, at));
      }
    }),
  );
});

test('the top is the head of a full sort', () => {
  fc.assert(
    fc.property(logs, fc.nat(6), (log, n) => {
      const counts = countAll(log);
      // Whole half-lives in the past, counts are multiplied by a power of two: their order is exact and none becomes 0.
      const past = (Math.floor(counts.streamTime / HALF_LIFE) - 256) * HALF_LIFE;
      const sorted = ITEMS.map((itemId) => ({ itemId, past: counts.count(itemId, past) }))
        .filter((item) => item.past > 0)
        .sort((a, b) => b.past - a.past || (a.itemId < b.itemId ? -1 : 1))
        .map(({ itemId }) => ({ itemId, count: counts.count(itemId) }));
      assert.deepEqual(counts.top(n), sorted.slice(0, n));
    }),
  );
});

test('a count halves with every half-life, and ties go by item id', () => {
  const counts = countAll([
    { itemId: 'b', occurredAt: START, weight: 4 },
    { itemId: 'a', occurredAt: START + HALF_LIFE, weight: 2 },
    { itemId: 'c', occurredAt: START + HALF_LIFE, weight: 3 },
  ]);
  const top = counts.top(3).map(({ itemId, count }) => [itemId, Math.round(count * 1e6) / 1e6]);
  assert.deepEqual(top, [
    ['c', 3],
    ['a', 2],
    ['b', 2],
  ]);
  assertNear(counts.count('c', START + 3 * HALF_LIFE), 0.75);
  assert.equal(counts.count('unheard of'), 0);
});

test('processes that count the same log agree to the last bit, whenever each of them was asked', () => {
  fc.assert(
    fc.property(logs, logs, (before, after) => {
      const asked = countAll(before);
      asked.top(3, asked.streamTime + HALF_LIFE);
      for (const { itemId, occurredAt, weight } of after) {
        asked.add(itemId, occurredAt, weight);
        asked.count(itemId, occurredAt);
      }
      const silent = countAll([...before, ...after]);
      assert.equal(asked.streamTime, silent.streamTime);
      assert.deepEqual(asked.top(ITEMS.length), silent.top(ITEMS.length));
    }),
  );
});

test('no count overflows in a thousand half-lives, and counts that vanished are deleted', () => {
  const counts = new DecayedCounts(HALF_LIFE);
  counts.add('old', START);
  for (let i = 0; i <= 5_000; i++) counts.add('steady', START + i * HALF_LIFE);
  assertNear(counts.count('steady'), 2);
  assert.deepEqual(
    counts.top(5).map(({ itemId }) => itemId),
    ['steady'],
  );
});

test('an item with a negative count is never in the top', () => {
  const counts = new DecayedCounts(HALF_LIFE);
  counts.add('hidden', START, -1);
  assert.deepEqual(counts.top(3), []);
});

test('a half-life, time or weight that is not a finite number is rejected', () => {
  for (const halfLife of [0, -1, Number.NaN, Infinity])
    assert.throws(() => new DecayedCounts(halfLife), RangeError);
  assert.throws(() => new DecayedCounts(1).add('a', Number.NaN), RangeError);
  assert.throws(() => new DecayedCounts(1).add('a', 0, Infinity), RangeError);
});
