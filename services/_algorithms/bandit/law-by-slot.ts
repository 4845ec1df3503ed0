import type { Random } from '../random.ts';
import { fill, type LawOfSlates } from './slate-law.ts';
import { type SlateRules, SlateWalk } from './slate-rules.ts';

/** Slates from which probabilities over all rows above are estimated, if not another number is given. */
const SAMPLES = 16;

export interface SlotBySlot {
  readonly size: number;
  /** Knows the rules; it is restarted for each slate. */
  readonly walk: SlateWalk;
  /** Draws a row that the walk allows in its next slot, which is not pinned. */
  readonly pick: (random: Random) => number;
  /** Probability with which `pick` draws a row that the walk allows. */
  readonly probability: (row: number) => number;
  readonly scoreOf: (row: number) => number;
  /** Draws the slates from which probabilities are estimated. */
  readonly random: Random;
  /** Number of these slates; default 16. */
  readonly samples?: number | undefined;
}

/**
 * The law that fills a slate from the top by rules, each slot given those above. Conditionals are exact. The probability of a row over all
 * rows above has no closed form: it is the mean over some other slates and this one, which keeps it above 0 and favours this one by at
 * most its share among them; that of a row in any slot likewise.
 */
export function lawBySlot(options: SlotBySlot): LawOfSlates {
  const { size, walk, pick, probability, scoreOf, random, samples: most = SAMPLES } = options;
  const draw = (from: Random): Int32Array => {
    walk.restart();
    return fill(size, () => {
      const row = walk.pinned ?? pick(from);
      walk.take(row);
      return row;
    });
  };
  const probabilityOf = (row: number): number => {
    if (!walk.allows(row)) return 0;
    return walk.pinned === undefined ? probability(row) : 1;
  };
  const samples: Int32Array[] = [];
  let last: { readonly key: string; readonly inSlot: Float64Array; readonly inAny: Float64Array } | undefined;
  /** The mean over the samples and the order, as far as its rows are allowed, of the probability of each row in its slot, and in any. */
  const estimate = (order: Int32Array): NonNullable<typeof last> => {
    const key = order.join();
    if (last?.key === key) return last;
    const [inSlot, inAny] = [new Float64Array(order.length), new Float64Array(order.length)];
    while (samples.length < most) samples.push(draw(random));
    for (const slate of [...samples, order]) {
      walk.restart();
      for (const [slot, row] of slate.entries()) {
        for (let place = 0; place < order.length; place++) {
          const probabilityHere = probabilityOf(order[place]!) / (most + 1);
          inAny[place]! += probabilityHere;
          if (place === slot) inSlot[place]! += probabilityHere;
        }
        if (!walk.allows(row)) break;
        walk.take(row);
      }
    }
    last = { key, inSlot, inAny: inAny.map((one) => Math.min(1, one)) };
    return last;
  };
  return {
    size,
    draws: 0,
    draw,
    conditionals(order) {
      const found = new Float64Array(order.length);
      walk.restart();
      for (const [slot, row] of order.entries()) {
        found[slot] = probabilityOf(row);
        if (found[slot] === 0) break;
        walk.take(row);
      }
      return found;
    },
    below(above) {
      walk.restart();
      for (const row of above) {
        if (probabilityOf(row) === 0) return () => 0;
        walk.take(row);
      }
      return probabilityOf;
    },
    marginals: (order) => estimate(order).inSlot.slice(),
    inclusions: (order) => estimate(order).inAny.slice(),
    scores: (order) => Float64Array.from(order, scoreOf),
  };
}

/** Tries of a row before all are counted. */
const TRIES = 64;

/** Draws a row that the walk allows, each alike; `except` is left out and must leave another one. */
export function pickAlike(walk: SlateWalk, rows: number, random: Random, except = -1): number {
  for (let i = 0; i < TRIES; i++) {
    const row = random.integer(rows);
    if (row !== except && walk.allows(row)) return row;
  }
  let left = random.integer(walk.count - (except === -1 ? 0 : 1));
  for (let row = 0; row < rows; row++) {
    if (row === except || !walk.allows(row)) continue;
    if (left === 0) return row;
    left -= 1;
  }
  throw new RangeError('the rules leave no row');
}

/**
 * Slot by slot, each row that the rules allow alike.
 * @param random draws the slates from which probabilities are estimated
 * @param samples number of these slates
 */
export function lawOfAllowed(
  rules: SlateRules,
  wanted: number,
  random: Random,
  samples = SAMPLES,
): LawOfSlates {
  const walk = new SlateWalk(rules);
  return lawBySlot({
    size: Math.min(wanted, rules.rows),
    walk,
    random,
    samples,
    pick: (from) => pickAlike(walk, rules.rows, from),
    probability: () => 1 / walk.count,
    scoreOf: () => 0,
  });
}
