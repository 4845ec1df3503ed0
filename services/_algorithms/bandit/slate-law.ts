import type { Random } from '../random.ts';
import type { Choice } from './choice.ts';

/**
 * The distribution over slates from which a policy chooses for one request. It names the probability of any slate, also of one that
 * another policy drew, so that policies can be mixed, and judged by each other's logs. An order is a list of distinct rows.
 */
export interface LawOfSlates {
  /** Number of slots: as many as asked for, or as there are candidates. */
  readonly size: number;
  /** Number of draws from the posterior that the law is made of; 0 if it is made of none. */
  readonly draws: number;
  /** Draws a slate. */
  draw(random: Random): Int32Array;
  /** By slot, the probability of the row given the rows above; their product is that of the slate. 0 from an impossible row on. */
  conditionals(order: Int32Array): Float64Array;
  /**
   * Returns the probability of each row in the slot below these, as `conditionals` has it, at less cost for many rows. The function holds until
   * the law is used again. Left out where it costs as much.
   */
  readonly below?: ((above: Int32Array) => (row: number) => number) | undefined;
  /** By slot, the probability of the row in this slot over all rows above. */
  marginals(order: Int32Array): Float64Array;
  /** By slot, the probability of the row in any slot; 0 where it is not known. */
  inclusions(order: Int32Array): Float64Array;
  /** By slot, the score that the policy gives the row. */
  scores(order: Int32Array): Float64Array;
}

/** Draws a slate, with all its probabilities. */
export function chooseFrom(law: LawOfSlates, random: Random): Choice {
  const order = law.draw(random);
  const conditionals = law.conditionals(order);
  return {
    order,
    scores: law.scores(order),
    propensities: law.marginals(order),
    conditionals,
    inclusions: law.inclusions(order),
    probability: conditionals.reduce((product, one) => product * one, 1),
    draws: law.draws,
  };
}

/** Lists of one length, one after another: the entry of a slot is at `list * size + slot`. */
export interface ChoiceOfLists {
  readonly rows: Int32Array;
  readonly scores: Float64Array;
  readonly lists: number;
  readonly size: number;
}

/** One of the lists, each alike. All probabilities are exact: they are shares of the lists. */
export function lawOfLists({ rows, scores, lists, size }: ChoiceOfLists, draws = lists): LawOfSlates {
  // The list that was shown last, so that its scores are known.
  let shown = 0;
  const count = (isMember: (at: number) => boolean): number => {
    let found = 0;
    for (let at = 0; at < rows.length; at += size) if (isMember(at)) found++;
    return found / lists;
  };
  return {
    size,
    draws,
    draw(random) {
      shown = (lists === 1 && draws === 0 ? 0 : random.integer(lists)) * size;
      return rows.slice(shown, shown + size);
    },
    conditionals(order) {
      const found = new Float64Array(order.length);
      let alive = Array.from({ length: lists }, (_, list) => list * size);
      for (let slot = 0; slot < order.length && alive.length > 0; slot++) {
        const next = alive.filter((at) => rows[at + slot] === order[slot]);
        found[slot] = next.length / alive.length;
        alive = next;
      }
      return found;
    },
    below(above) {
      const slot = above.length;
      const counts = new Map<number, number>();
      let alive = 0;
      for (let at = 0; at < rows.length; at += size) {
        if (!above.every((row, place) => rows[at + place] === row)) continue;
        alive += 1;
        const row = rows[at + slot]!;
        counts.set(row, (counts.get(row) ?? 0) + 1);
      }
      return (row) => (counts.get(row) ?? 0) / Math.max(1, alive);
    },
    marginals: (order) => Float64Array.from(order, (row, slot) => count((at) => rows[at + slot] === row)),
    inclusions: (order) =>
      Float64Array.from(order, (row) =>
        count((at) => {
          for (let i = at; i < at + size; i++) if (rows[i] === row) return true;
          return false;
        }),
      ),
    scores(order) {
      const isShown = order.every((row, slot) => rows[shown + slot] === row);
      if (isShown) return scores.slice(shown, shown + size);
      return Float64Array.from(order, (row) => scores[Math.max(0, rows.indexOf(row))] ?? 0);
    },
  };
}

/** Every order of the rows alike. */
export function lawOfAll(count: number, wanted: number): LawOfSlates {
  const size = Math.min(wanted, count);
  return {
    size,
    draws: 0,
    draw: (random) =>
      fill(size, (above) => {
        for (;;) {
          const row = random.integer(count);
          if (!above.includes(row)) return row;
        }
      }),
    conditionals: (order) => Float64Array.from(order, (_, slot) => 1 / (count - slot)),
    below: (above) => () => 1 / (count - above.length),
    marginals: (order) => new Float64Array(order.length).fill(1 / count),
    inclusions: (order) => new Float64Array(order.length).fill(size / count),
    scores: (order) => new Float64Array(order.length),
  };
}

/** With probability ε a slate of `other`, else one of `law`; both are of one size, and scores are those of `law`. */
export function mixtureOf(law: LawOfSlates, other: LawOfSlates, epsilon: number): LawOfSlates {
  if (epsilon === 0) return law;
  const mix = (a: Float64Array, b: Float64Array): Float64Array =>
    a.map((one, slot) => (1 - epsilon) * one + epsilon * b[slot]!);
  return {
    size: law.size,
    draws: law.draws,
    draw: (random) => (random.next() < epsilon ? other.draw(random) : law.draw(random)),
    conditionals(order) {
      const [ours, theirs] = [law.conditionals(order), other.conditionals(order)];
      let [first, second] = [1 - epsilon, epsilon];
      return ours.map((_, slot) => {
        const before = first + second;
        first *= ours[slot]!;
        second *= theirs[slot]!;
        return before === 0 ? 0 : (first + second) / before;
      });
    },
    ...(law.below !== undefined &&
      other.below !== undefined && {
        below(above: Int32Array) {
          const product = (given: Float64Array) => given.reduce((all, one) => all * one, 1);
          const first = (1 - epsilon) * product(law.conditionals(above));
          const second = epsilon * product(other.conditionals(above));
          const [ours, theirs] = [law.below!(above), other.below!(above)];
          const before = first + second;
          return (row: number) => (before === 0 ? 0 : (first * ours(row) + second * theirs(row)) / before);
        },
      }),
    marginals: (order) => mix(law.marginals(order), other.marginals(order)),
    inclusions(order) {
      const ours = law.inclusions(order);
      return mix(ours, other.inclusions(order)).map((one, slot) =>
        ours[slot] === 0 && law.draws === 0 ? 0 : one,
      );
    },
    scores: (order) => law.scores(order),
  };
}

/** Fills the slots from the top. It ends early where no row is allowed. */
export function fill(
  size: number,
  pick: (above: Int32Array, slot: number) => number | undefined,
): Int32Array {
  const order = new Int32Array(size);
  for (let slot = 0; slot < size; slot++) {
    const row = pick(order.subarray(0, slot), slot);
    if (row === undefined) return order.slice(0, slot);
    order[slot] = row;
  }
  return order;
}

/** Probabilities slot by slot; after one of 0 the rest is 0. */
export function conditionalsBy(
  order: Int32Array,
  of: (above: Int32Array, slot: number) => number,
): Float64Array {
  const found = new Float64Array(order.length);
  for (let slot = 0; slot < order.length; slot++) {
    found[slot] = of(order.subarray(0, slot), slot);
    if (found[slot] === 0) break;
  }
  return found;
}
