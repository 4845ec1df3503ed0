import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createRandom } from '../random.ts';
import { certainRows } from './choice.ts';
import { lawOfAllowed } from './law-by-slot.ts';
import { plackettLuceLaw } from './plackett-luce.ts';
import { rowKinds, type SlateRules, SlateWalk } from './slate-rules.ts';
import { thompsonLaw } from './thompson.ts';

interface World {
  readonly kinds: readonly number[];
  readonly most: number;
  /** Rows with equal marks are alike. */
  readonly marks: readonly number[];
  readonly pinned: ReadonlyMap<number, number>;
  readonly isCold: readonly boolean[];
  readonly coldSlots: number;
  readonly size: number;
}

/** Which rows may stand in the slot below these rows, straight from the definition: the slow oracle of the walk. */
function allowedRows(world: World, above: readonly number[]): number[] {
  const { kinds, most, marks, pinned, isCold, size } = world;
  const pin = pinned.get(above.length);
  if (pin !== undefined) return [pin];
  const pins = [...pinned.values()];
  const shown = [...new Set([...pins, ...above])];
  const isColdSlot = coldSlotsOf(world).includes(above.length);
  assert.ok(above.length < size);
  const home = [...kinds.keys()].filter(
    (row) => !shown.includes(row) && (world.coldSlots === 0 || isCold[row] === isColdSlot),
  );
  const within = home.filter((row) => {
    const ofKind = shown.filter((other) => kinds[other] === kinds[row]).length;
    const isAlike = shown.some((other) => marks[other] === marks[row] && marks[row]! >= 0);
    return (kinds[row] === -1 || ofKind < most) && !isAlike;
  });
  return within.length > 0 ? within : home;
}

/** The last open slots, as many as cold slots are wanted, and as rows of both sorts can fill. */
function coldSlotsOf({ pinned, isCold, coldSlots, size }: World): number[] {
  if (coldSlots === 0) return [];
  const pins = [...pinned.values()];
  const cold = isCold.filter((is, row) => is && !pins.includes(row)).length;
  const warm = isCold.filter((is, row) => !is && !pins.includes(row)).length;
  const open = Array.from({ length: size }, (_, slot) => slot).filter((slot) => !pinned.has(slot));
  const kept = Math.max(open.length - warm, Math.min(coldSlots, cold, open.length));
  return open.slice(open.length - kept);
}

function rulesOf(world: World): SlateRules {
  const { kinds, most, marks, pinned, isCold, coldSlots, size } = world;
  const cold = coldSlotsOf(world);
  return {
    rows: kinds.length,
    pinned,
    kinds: rowKinds(kinds.length, (row) => (kinds[row] === -1 ? undefined : kinds[row])),
    mostOfKind: most,
    alikeTo: (row) =>
      Int32Array.from(
        [...marks.keys()].filter((other) => other !== row && marks[other] === marks[row] && marks[row]! >= 0),
      ),
    ...(coldSlots > 0 && {
      homes: {
        ofRow: Uint8Array.from(isCold, (is) => (is ? 1 : 0)),
        ofSlot: Uint8Array.from({ length: size }, (_, slot) => (cold.includes(slot) ? 1 : 0)),
      },
    }),
  };
}

const worlds = fc
  .record({
    seed: fc.nat(),
    rows: fc.integer({ min: 1, max: 14 }),
    wanted: fc.integer({ min: 1, max: 10 }),
    most: fc.integer({ min: 1, max: 3 }),
    coldSlots: fc.nat(3),
  })
  .map(({ seed, rows, wanted, most, coldSlots }): World & { seed: number } => {
    const random = createRandom(seed);
    const size = Math.min(rows, wanted);
    const pinned = new Map<number, number>();
    for (let slot = 0; slot < size; slot++) {
      const row = random.integer(rows);
      if (random.next() < 0.2 && ![...pinned.values()].includes(row)) pinned.set(slot, row);
    }
    return {
      ...{ seed, size, most, coldSlots, pinned },
      kinds: Array.from({ length: rows }, () => random.integer(4) - 1),
      marks: Array.from({ length: rows }, () => random.integer(6) - 2),
      isCold: Array.from({ length: rows }, () => random.next() < 0.4),
    };
  });

/** Checks each slot of a slate against the definition. */
function assertObeys(world: World, order: ArrayLike<number>, what: string): void {
  assert.equal(order.length, world.size, what);
  const above: number[] = [];
  for (const row of Array.from(order)) {
    assert.ok(allowedRows(world, above).includes(row), `${what}: row ${row} below ${above}`);
    above.push(row);
  }
}

describe('the rules of a slate', () => {
  it('allow in each slot the rows of the definition, count them, and add up their odds', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const random = createRandom(`odds ${world.seed}`);
        const odds = Float64Array.from(world.kinds, () => Math.exp(8 * random.normal()));
        const walk = new SlateWalk(rulesOf(world), odds);
        for (let round = 0; round < 3; round++) {
          walk.restart();
          const above: number[] = [];
          for (let slot = 0; slot < world.size; slot++) {
            const wanted = allowedRows(world, above);
            assert.deepEqual(
              [...world.kinds.keys()].filter((row) => walk.allows(row)),
              wanted,
            );
            assert.equal(walk.count, wanted.length);
            const total = wanted.reduce((sum, row) => sum + odds[row]!, 0);
            assert.ok(Math.abs(walk.total - total) <= 1e-8 * total, `${walk.total}, not ${total}`);
            const row = wanted[random.integer(wanted.length)]!;
            walk.take(row);
            above.push(row);
          }
        }
      }),
    );
  });

  it('hold inside each draw of each law, and no slate is shorter for them', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const rules = rulesOf(world);
        const { size, seed } = world;
        const random = createRandom(seed);
        const scores = Float64Array.from(world.kinds, () => random.normal());
        assertObeys(world, certainRows(scores, size, rules), 'the best');
        assertObeys(world, lawOfAllowed(rules, size, random).draw(random), 'all');
        const luce = plackettLuceLaw({ scores, size, temperature: 0.5, rules, random: random.fork('m') });
        const order = luce.draw(random);
        assertObeys(world, order, 'Plackett–Luce');
        for (const one of [...luce.conditionals(order), ...luce.marginals(order)])
          assert.ok(one > 0 && one <= 1);
        const law = thompsonLaw({
          features: { columns: ['score'], values: scores },
          posterior: {
            columns: new Map(),
            mean: new Float64Array(0),
            choleskyOfPrecision: new Float64Array(0),
            prior: { precision: 1, meanOf: () => 0 },
          },
          ...{ size, draws: 7, random, rules },
        });
        for (let i = 0; i < 5; i++) assertObeys(world, law.draw(random), 'Thompson');
      }),
    );
  });

  it('give the lists of Thompson sampling by the limit of kinds alone, which are filled without a walk, the same rows', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const { kinds, mostOfKind, rows } = rulesOf(world);
        const random = createRandom(world.seed);
        const values = Float64Array.from({ length: 2 * rows }, () => random.normal());
        const posterior = {
          columns: new Map<string, number>(),
          mean: new Float64Array(0),
          choleskyOfPrecision: new Float64Array(0),
          prior: { precision: 4, meanOf: () => 0.1 },
        };
        const options = { features: { columns: ['a', 'b'], values }, posterior, size: world.size, draws: 9 };
        const lawWith = (rules: SlateRules) => thompsonLaw({ ...options, random: createRandom('x'), rules });
        const alone = lawWith({ rows, kinds, mostOfKind });
        const walked = lawWith({ rows, kinds, mostOfKind, alikeTo: () => new Int32Array(0) });
        for (let i = 0; i < 12; i++) {
          const order = alone.draw(createRandom(i));
          assert.deepEqual(walked.draw(createRandom(i)), order);
          assert.deepEqual(walked.scores(order), alone.scores(order));
          assert.deepEqual(walked.marginals(order), alone.marginals(order));
        }
      }),
    );
  });

  it('leave the lists of Thompson sampling as they are without any limit in force', () => {
    const random = createRandom('lists');
    const values = Float64Array.from({ length: 60 }, () => random.normal());
    const posterior = {
      columns: new Map<string, number>(),
      mean: new Float64Array(0),
      choleskyOfPrecision: new Float64Array(0),
      prior: { precision: 4, meanOf: () => 0.1 },
    };
    const options = { features: { columns: ['a', 'b'], values }, posterior, size: 5, draws: 32 };
    const free = thompsonLaw({ ...options, random: createRandom('x') });
    const rules = { rows: 30, kinds: rowKinds(30, () => 0), mostOfKind: 30 };
    const ruled = thompsonLaw({ ...options, random: createRandom('x'), rules });
    for (let i = 0; i < 20; i++) {
      const order = free.draw(createRandom(i));
      assert.deepEqual(ruled.draw(createRandom(i)), order);
      assert.deepEqual(ruled.marginals(order), free.marginals(order));
      assert.deepEqual(ruled.conditionals(order), free.conditionals(order));
    }
  });
});
