import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { dot } from '../vectors.ts';
import { Duplicates } from './duplicates.ts';

const MINIMUM_COSINE = Math.cos(0.25);
const LARGEST_LOOK = 6;

interface Row {
  readonly look: string;
  readonly angle: number;
  readonly rank: number;
}

const vectorOf = ({ angle }: Row): Float64Array => Float64Array.of(Math.cos(angle), Math.sin(angle));

/** Rows by number, with the filter that knows them. */
function createWorld() {
  const rows = new Map<number, Row>();
  const compare = (a: number, b: number): number => rows.get(a)!.rank - rows.get(b)!.rank || a - b;
  const duplicates = new Duplicates({
    minimumCosine: MINIMUM_COSINE,
    largestLook: LARGEST_LOOK,
    vectorOf: (row) => vectorOf(rows.get(row)!),
    compare,
  });
  return { rows, compare, duplicates };
}

/** The definition, without state: each group by itself, one row after the other. */
function findSlowly({ rows, compare }: ReturnType<typeof createWorld>): number[] {
  const found: number[] = [];
  for (const look of new Set([...rows.values()].map((row) => row.look))) {
    const members = [...rows.keys()].filter((row) => rows.get(row)!.look === look).sort(compare);
    if (members.length > LARGEST_LOOK) continue;
    const kept: number[] = [];
    for (const row of members) {
      const vector = vectorOf(rows.get(row)!);
      const isLike = (other: number) => dot(vector, vectorOf(rows.get(other)!)) >= MINIMUM_COSINE;
      (kept.some(isLike) ? found : kept).push(row);
    }
  }
  return found.sort((a, b) => a - b);
}

const steps = fc.array(
  fc.record({
    row: fc.nat(9),
    state: fc.option(
      fc.record({
        look: fc.constantFrom('tea', 'tea', 'tea', 'nail'),
        angle: fc.nat(12).map((tenths) => tenths / 10),
        rank: fc.nat(2),
      }),
      { freq: 4 },
    ),
  }),
  { maxLength: 60 },
);

describe('near-duplicates', () => {
  it('duplicates are at any time those of the definition, and each change is reported', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const world = createWorld();
        const { rows, duplicates } = world;
        const told = new Set<number>();
        for (const { row, state } of taken) {
          if (state !== null) rows.set(row, state);
          const changed = state === null ? duplicates.delete(row) : duplicates.put(row, state.look);
          if (state === null) rows.delete(row);
          for (const one of changed) duplicates.has(one) ? told.add(one) : told.delete(one);
          const expected = findSlowly(world);
          assert.deepEqual(
            [...rows.keys()].filter((one) => duplicates.has(one)).sort((a, b) => a - b),
            expected,
          );
          assert.equal(duplicates.size, expected.length);
          assert.deepEqual(
            [...told].sort((a, b) => a - b),
            expected,
          );
        }
      }),
    );
  });

  it('the next duplicate takes its place when the representative is deleted', () => {
    const { rows, duplicates } = createWorld();
    [0, 0.2, 0.4].forEach((angle, row) => {
      rows.set(row, { look: 'tea', angle, rank: 0 });
      duplicates.put(row, 'tea');
    });
    const found = () => [...rows.keys()].filter((row) => !duplicates.has(row));
    assert.deepEqual(found(), [0, 2], 'a chain does not hide a row that differs from its representative');
    duplicates.delete(0);
    rows.delete(0);
    assert.deepEqual(found(), [1]);
  });

  it('rows are duplicates only if they look the same', () => {
    const { rows, duplicates } = createWorld();
    for (const [row, look] of ['330 ml', '1 l'].entries()) {
      rows.set(row, { look, angle: 0, rank: 0 });
      assert.deepEqual([...duplicates.put(row, look)], []);
    }
    assert.equal(duplicates.size, 0);
  });
});
