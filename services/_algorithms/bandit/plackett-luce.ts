import type { Random } from '../random.ts';
import { lawBySlot } from './law-by-slot.ts';
import { conditionalsBy, fill, type LawOfSlates } from './slate-law.ts';
import { type SlateRules, SlateWalk } from './slate-rules.ts';

export interface PlackettLuceOptions {
  /** Score of each row. */
  readonly scores: Float64Array;
  /** Number of slots. */
  readonly size: number;
  /** Difference of scores that makes a row e times as likely as another, above 0. */
  readonly temperature: number;
  /** What the slate must obey; by default nothing. */
  readonly rules?: SlateRules | undefined;
  /** Draws the slates from which marginal probabilities are estimated. */
  readonly random: Random;
}

/** Slates from which marginal probabilities are estimated. */
const SAMPLES = 16;

/**
 * The Plackett–Luce distribution (Plackett 1975): slot by slot, a row of those left with probability ∝ exp(score/temperature). Without rules it is
 * drawn by the Gumbel-max trick (Kool et al. 2019): the rows with the largest score/temperature + Gumbel noise, in this order. With rules
 * it is drawn slot by slot among the rows that they allow. Every row that is allowed has a positive probability, and that given the rows
 * above is exact.
 *
 * The marginal of a slot has no closed form below the first one. It is the mean of the conditional over other slates from the same
 * distribution and this one, which keeps it above 0; inclusion is estimated with rules, and not known without.
 */
export function plackettLuceLaw(options: PlackettLuceOptions): LawOfSlates {
  const { scores, temperature, rules, random } = options;
  if (!(temperature > 0)) throw new RangeError(`temperature must be above 0: ${temperature}`);
  const count = scores.length;
  const size = Math.min(options.size, count);
  const largest = scores.reduce((most, score) => Math.max(most, score), Number.NEGATIVE_INFINITY);
  // The smallest is still positive: support must not vanish by rounding.
  const odds = scores.map((score) =>
    Math.max(Number.MIN_VALUE * 2 ** 52, Math.exp((score - largest) / temperature)),
  );
  if (rules !== undefined) return byRules(options, odds, rules);
  const sum = odds.reduce((total, one) => total + one, 0);

  function left(above: Int32Array): number {
    let rest = sum;
    for (const row of above) rest -= odds[row] ?? 0;
    if (rest > 1e-9 * sum) return rest;
    rest = 0;
    for (let row = 0; row < count; row++) if (!above.includes(row)) rest += odds[row]!;
    return rest;
  }

  function conditional(row: number, above: Int32Array): number {
    if (odds[row] === undefined || above.includes(row)) return 0;
    return Math.min(1, odds[row]! / left(above));
  }

  const draw = (from: Random): Int32Array => gumbelTopK(odds, size, from);
  const samples: Int32Array[] = [];
  return {
    size,
    draws: 0,
    draw,
    conditionals: (order) => conditionalsBy(order, (above, slot) => conditional(order[slot]!, above)),
    below(above) {
      const taken = new Set(above);
      const rest = left(above);
      return (row) => (taken.has(row) ? 0 : Math.min(1, odds[row]! / rest));
    },
    marginals(order) {
      while (order.length > 1 && samples.length < SAMPLES) samples.push(draw(random));
      return Float64Array.from(order, (row, slot) => {
        if (slot === 0) return conditional(row, order.subarray(0, 0));
        let total = conditional(row, order.subarray(0, slot));
        for (const sample of samples) total += conditional(row, sample.subarray(0, slot));
        return total / (samples.length + 1);
      });
    },
    inclusions: (order) => new Float64Array(order.length),
    scores: (order) => Float64Array.from(order, (row) => scores[row]!),
  };
}

function byRules(
  { scores, size, random }: PlackettLuceOptions,
  odds: Float64Array,
  rules: SlateRules,
): LawOfSlates {
  const walk = new SlateWalk(rules, odds);
  return lawBySlot({
    size: Math.min(size, scores.length),
    walk,
    random,
    scoreOf: (row) => scores[row]!,
    probability: (row) => Math.min(1, odds[row]! / walk.total),
    pick(from) {
      let left = from.next() * walk.total;
      let last = -1;
      for (let row = 0; row < odds.length; row++) {
        if (!walk.allows(row)) continue;
        last = row;
        left -= odds[row]!;
        if (left < 0) break;
      }
      return last;
    },
  });
}

function gumbel(random: Random): number {
  return -Math.log(-Math.log(1 - random.next()));
}

function gumbelTopK(odds: Float64Array, size: number, random: Random): Int32Array {
  const keys = odds.map((one) => Math.log(one) + gumbel(random));
  return fill(size, (above) => {
    let found: number | undefined;
    for (let row = 0; row < keys.length; row++)
      if ((found === undefined || keys[row]! > keys[found]!) && !above.includes(row)) found = row;
    return found;
  });
}
