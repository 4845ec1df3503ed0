import type { Random } from '../random.ts';
import { type AllowsRow, conditionalsBy, fill, type LawOfSlates } from './slate-law.ts';

export interface PlackettLuceOptions {
  /** Score of each row. */
  readonly scores: Float64Array;
  /** Number of slots. */
  readonly size: number;
  /** Difference of scores that makes a row e times as likely as another, above 0. */
  readonly temperature: number;
  /** Which rows may stand in a slot; by default all may. */
  readonly allows?: AllowsRow | undefined;
  /** Draws the slates from which marginal probabilities are estimated. */
  readonly random: Random;
}

/** Slates from which marginal probabilities are estimated. */
const SAMPLES = 16;

/**
 * The Plackett–Luce distribution (Plackett 1975): slot by slot, a row of those left with probability ∝ exp(score/temperature). It is
 * drawn by the Gumbel-max trick (Kool et al. 2019): the rows with the largest score/temperature + Gumbel noise, in this order. Every row
 * has a positive probability in every slot, and that given the rows above is exact, with rules too: noise is drawn again for a slot whose
 * rows are not those of the slot above without the one that it took.
 *
 * The marginal of a slot has no closed form below the first one. It is the mean of the conditional over other slates from the same
 * distribution and this one, which keeps it above 0; inclusion is not known.
 */
export function plackettLuceLaw(options: PlackettLuceOptions): LawOfSlates {
  const { scores, temperature, allows, random } = options;
  if (!(temperature > 0)) throw new RangeError(`temperature must be above 0: ${temperature}`);
  const count = scores.length;
  const size = Math.min(options.size, count);
  const largest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  // The smallest is still positive: support must not vanish by rounding.
  const odds = scores.map((score) =>
    Math.max(Number.MIN_VALUE * 2 ** 52, Math.exp((score - largest) / temperature)),
  );
  const sum = odds.reduce((total, one) => total + one, 0);

  function left(above: Int32Array, slot: number): number {
    if (allows === undefined) {
      let rest = sum;
      for (const row of above) rest -= odds[row] ?? 0;
      if (rest > 1e-9 * sum) return rest;
    }
    let rest = 0;
    for (let row = 0; row < count; row++)
      if (!above.includes(row) && (allows === undefined || allows(row, above, slot))) rest += odds[row]!;
    return rest;
  }

  function conditional(row: number, above: Int32Array, slot: number): number {
    if (odds[row] === undefined || above.includes(row) || (allows !== undefined && !allows(row, above, slot)))
      return 0;
    return Math.min(1, odds[row]! / left(above, slot));
  }

  const draw = (from: Random): Int32Array =>
    allows === undefined ? gumbelTopK(odds, size, from) : gumbelByRules(odds, size, allows, from);
  const samples: Int32Array[] = [];
  return {
    size,
    draws: 0,
    draw,
    conditionals: (order) => conditionalsBy(order, (above, slot) => conditional(order[slot]!, above, slot)),
    marginals(order) {
      while (order.length > 1 && samples.length < SAMPLES) samples.push(draw(random));
      return Float64Array.from(order, (row, slot) => {
        if (slot === 0) return conditional(row, order.subarray(0, 0), 0);
        let total = conditional(row, order.subarray(0, slot), slot);
        for (const sample of samples) total += conditional(row, sample.subarray(0, slot), slot);
        return total / (samples.length + 1);
      });
    },
    inclusions: (order) => new Float64Array(order.length),
    scores: (order) => Float64Array.from(order, (row) => scores[row]!),
  };
}

function gumbel(random: Random): number {
  return -Math.log(-Math.log(1 - random.next()));
}

function gumbelTopK(odds: Float64Array, size: number, random: Random): Int32Array {
  const keys = odds.map((one) => Math.log(one) + gumbel(random));
  return fill(size, (above) => best(keys, (row) => !above.includes(row)));
}

function gumbelByRules(odds: Float64Array, size: number, allows: AllowsRow, random: Random): Int32Array {
  return fill(size, (above, slot) => {
    const keys = odds.map((one) => Math.log(one) + gumbel(random));
    return best(keys, (row) => !above.includes(row) && allows(row, above, slot));
  });
}

function best(keys: Float64Array, isFree: (row: number) => boolean): number | undefined {
  let found: number | undefined;
  for (let row = 0; row < keys.length; row++)
    if ((found === undefined || keys[row]! > keys[found]!) && isFree(row)) found = row;
  return found;
}
