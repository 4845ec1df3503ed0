import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRandom } from '../random.ts';
import { certainLaw } from './choice.ts';
import { lawOfParts } from './parts-of-a-slate.ts';
import { plackettLuceLaw } from './plackett-luce.ts';
import { type AllowsRow, type LawOfSlates, lawOfAll, lawOfLists, mixtureOf } from './slate-law.ts';

const ROWS = 5;
const SIZE = 3;
const SCORES = Float64Array.of(0.3, 0.1, 0.5, 0.2, 0.4);
/** At most one of the even rows, and row 1 not on top. */
const RULES: AllowsRow = (row, above, slot) =>
  (row % 2 === 1 || !above.some((other) => other % 2 === 0)) && (row !== 1 || slot > 0);

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
const plackettLuce = (allows?: AllowsRow) =>
  plackettLuceLaw({ scores: SCORES, size: SIZE, temperature: 0.2, allows, random: createRandom('law') });

const LAWS: ReadonlyArray<readonly [name: string, law: () => LawOfSlates, areMarginalsExact: boolean]> = [
  ['some lists', lists, true],
  ['the best rows', () => certainLaw(SCORES, SIZE), true],
  ['the best rows with rules', () => certainLaw(SCORES, SIZE, RULES), true],
  ['all orders', () => lawOfAll(ROWS, SIZE), true],
  ['all orders with rules', () => lawOfAll(ROWS, SIZE, RULES), false],
  ['Plackett–Luce', () => plackettLuce(), false],
  ['Plackett–Luce with rules', () => plackettLuce(RULES), false],
  [
    'a fixed row above two parts',
    () =>
      lawOfParts([
        { law: lawOfAll(1, 1), rows: Int32Array.of(3), slots: [1] },
        { law: certainLaw(Float64Array.of(0.3, 0.5), 1), rows: Int32Array.of(0, 2), slots: [2] },
        { law: lawOfAll(2, 1), rows: Int32Array.of(1, 4), slots: [0] },
      ]),
    true,
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
});
