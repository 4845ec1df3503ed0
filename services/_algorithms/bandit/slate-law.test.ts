import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { certainLaw } from './choice.ts';
import { lawOfAllowed } from './law-by-slot.ts';
import { plackettLuceLaw } from './plackett-luce.ts';
import { type LawOfSlates, lawOfAll, lawOfLists, mixtureOf } from './slate-law.ts';
import { rowKinds, type SlateRules } from './slate-rules.ts';

const ROWS = 5;
const SIZE = 3;
const SCORES = Float64Array.of(0.3, 0.1, 0.5, 0.2, 0.4);
/** At most one of the even rows, and not both of the odd ones, which are alike. */
const RULES: SlateRules = {
  rows: ROWS,
  kinds: rowKinds(ROWS, (row) => (row % 2 === 0 ? 7 : undefined)),
  mostOfKind: 1,
  alikeTo: (row) => (row % 2 === 0 ? Int32Array.of() : Int32Array.of(4 - row)),
};
/** Row 3 in the middle, and rows 1 and 4 in the first slot alone. */
const PARTS: SlateRules = {
  rows: ROWS,
  pinned: new Map([[1, 3]]),
  homes: { ofRow: Uint8Array.of(0, 1, 0, 0, 1), ofSlot: Uint8Array.of(1, 0, 0) },
};

/** Every order of SIZE distinct rows. */
function orders(above: readonly number[] = []): Int32Array[] {
  if (above.length === SIZE) return [Int32Array.from(above)];
  return Array.from({ length: ROWS }, (_, row) => row)
    .filter((row) => !above.includes(row))
    .flatMap((row) => orders([...above, row]));
}

function probabilityOf(law: LawOfSlates, order: Int32Array): number {
  return law.conditionals(order).reduce((product, one) => product * one, 1);
}

const lists = () =>
  lawOfLists({
    rows: Int32Array.of(2, 4, 0, 2, 0, 4, 4, 2, 0, 2, 4, 0),
    scores: Float64Array.from({ length: 12 }, (_, i) => -i),
    lists: 4,
    size: SIZE,
  });
const plackettLuce = (rules?: SlateRules) =>
  plackettLuceLaw({ scores: SCORES, size: SIZE, temperature: 0.2, rules, random: createRandom('law') });
const allAllowed = (rules: SlateRules) => lawOfAllowed(rules, SIZE, createRandom('law'));

const LAWS: ReadonlyArray<readonly [name: string, law: () => LawOfSlates, areMarginalsExact: boolean]> = [
  ['some lists', lists, true],
  ['the best rows', () => certainLaw(SCORES, SIZE), true],
  ['the best rows with rules', () => certainLaw(SCORES, SIZE, RULES), true],
  ['all orders', () => lawOfAll(ROWS, SIZE), true],
  ['all orders with rules', () => allAllowed(RULES), false],
  ['all orders of parts', () => allAllowed(PARTS), false],
  ['Plackett–Luce', () => plackettLuce(), false],
  ['Plackett–Luce with rules', () => plackettLuce(RULES), false],
  ['Plackett–Luce of parts', () => plackettLuce(PARTS), false],
  ['the best rows of parts', () => certainLaw(SCORES, SIZE, PARTS), true],
  [
    'Plackett–Luce mixed with all orders with rules',
    () => mixtureOf(plackettLuce(RULES), allAllowed(RULES), 0.3),
    false,
  ],
  ['some lists mixed with all orders', () => mixtureOf(lists(), lawOfAll(ROWS, SIZE), 0.2), true],
  [
    'Plackett–Luce mixed with the best rows',
    () => mixtureOf(plackettLuce(), certainLaw(SCORES, SIZE), 0.3),
    false,
  ],
];

describe('the law of slates', () => {
  for (const [name, create, areMarginalsExact] of LAWS) {
    it(`of ${name} gives all slates together the probability 1`, () => {
      const law = create();
      const total = orders().reduce((sum, order) => sum + probabilityOf(law, order), 0);
      assert.ok(Math.abs(total - 1) < 1e-12, `${total}`);
    });

    it(`of ${name} draws each slate as often as it says`, () => {
      const law = create();
      const random = createRandom(`draws of ${name}`);
      const rounds = 20_000;
      const seen = new Map<string, number>();
      for (let round = 0; round < rounds; round++) {
        const order = law.draw(random).join();
        seen.set(order, (seen.get(order) ?? 0) + 1);
      }
      for (const order of orders()) {
        const expected = probabilityOf(law, order);
        const error = Math.abs((seen.get(order.join()) ?? 0) / rounds - expected);
        const bound = 5 * Math.sqrt((expected * (1 - expected)) / rounds);
        assert.ok(
          error <= bound + 1e-12,
          `${order}: ${seen.get(order.join())} of ${rounds}, not ${expected}`,
        );
      }
    });

    it(`of ${name} has the same probabilities for all rows below some rows as for one of them`, () => {
      const law = create();
      assert.ok(law.below !== undefined, name);
      for (const order of orders())
        for (const [slot, row] of order.entries()) {
          const one = law.conditionals(order)[slot]!;
          const probability = law.below(order.subarray(0, slot));
          assert.ok(Math.abs(probability(row) - one) < 1e-12, `${order} in ${slot}`);
        }
    });

    if (!areMarginalsExact) continue;
    it(`of ${name} has the exact probability of a row in a slot, and in any slot`, () => {
      const law = create();
      const all = orders().map((order) => ({ order, probability: probabilityOf(law, order) }));
      const sum = (isCounted: (order: Int32Array) => boolean): number =>
        all.reduce((total, { order, probability }) => total + (isCounted(order) ? probability : 0), 0);
      for (const { order } of all) {
        const [marginals, inclusions] = [law.marginals(order), law.inclusions(order)];
        for (const [slot, row] of order.entries()) {
          assert.ok(Math.abs(marginals[slot]! - sum((other) => other[slot] === row)) < 1e-12);
          assert.ok(Math.abs(inclusions[slot]! - sum((other) => other.includes(row))) < 1e-12);
        }
      }
    });
  }

  it('of Plackett–Luce estimates the probability of a row in a slot without bias beyond its own slate', () => {
    const exact = new Float64Array(ROWS);
    for (const order of orders()) exact[order[1]!]! += probabilityOf(plackettLuce(), order);
    const mean = new Float64Array(ROWS);
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      const law = plackettLuceLaw({
        ...{ scores: SCORES, size: SIZE, temperature: 0.2 },
        random: createRandom(round),
      });
      for (let row = 0; row < ROWS; row++) {
        const other = row === 0 ? 1 : 0;
        mean[row]! += law.marginals(Int32Array.of(other, row))[1]! / rounds;
      }
    }
    for (const [row, value] of mean.entries()) assert.ok(Math.abs(value - exact[row]!) < 0.03, `${value}`);
  });

  it('of Plackett–Luce gives every row a positive probability, however far its score is behind', () => {
    const scores = Float64Array.of(0, -1e6, 3);
    const law = plackettLuceLaw({ scores, size: 3, temperature: 0.01, random: createRandom(1) });
    const order = Int32Array.of(1, 0, 2);
    for (const one of [...law.conditionals(order), ...law.marginals(order)]) assert.ok(one > 0 && one <= 1);
  });

  it('of all orders by rules estimates how often a row stands in a slot, and in any slot', () => {
    const exact = { inSlot: new Float64Array(ROWS), inAny: new Float64Array(ROWS) };
    for (const order of orders()) {
      const probability = probabilityOf(allAllowed(RULES), order);
      exact.inSlot[order[1]!]! += probability;
      for (const row of order) exact.inAny[row]! += probability;
    }
    const rounds = 400;
    for (let row = 0; row < ROWS; row++) {
      let [inSlot, inAny] = [0, 0];
      for (let round = 0; round < rounds; round++) {
        const law = lawOfAllowed(RULES, SIZE, createRandom(round));
        // Above it stands a row that allows it, of the other kind.
        const order = Int32Array.of(row % 2 === 0 ? 1 : 0, row === 1 ? 1 : row);
        inSlot += law.marginals(order)[1]! / rounds;
        inAny += law.inclusions(order)[1]! / rounds;
      }
      assert.ok(Math.abs(inSlot - exact.inSlot[row]!) < 0.05, `row ${row}: ${inSlot}`);
      assert.ok(Math.abs(inAny - exact.inAny[row]!) < 0.05, `row ${row}: ${inAny}`);
    }
  });
});
