import type { LawOfSlates } from './slate-law.ts';

/** Some slots of a slate with the law that fills them from some rows, whatever stands in the others. */
export interface PartOfSlate {
  readonly law: LawOfSlates;
  /** Row of the whole table of each row of the law. */
  readonly rows: Int32Array;
  /** As many as the law has slots, ascending. */
  readonly slots: readonly number[];
}

/** In place of a row of another part; no law has such a row. */
const ELSEWHERE = -1;

/**
 * The law of a slate whose parts are filled independently, so that its probabilities are theirs. The parts have no row and no slot in
 * common, and together all slots from 0.
 */
export function lawOfParts(parts: readonly PartOfSlate[]): LawOfSlates {
  const size = parts.reduce((sum, { slots }) => sum + slots.length, 0);
  const places = parts.map(({ rows }) => new Map(Array.from(rows, (row, place) => [row, place] as const)));

  /** By slot, what the part of the slot says; 0 where the row is of another part. */
  function collect(order: Int32Array, of: (law: LawOfSlates, own: Int32Array) => Float64Array): Float64Array {
    const found = new Float64Array(size);
    for (const [index, { law, slots }] of parts.entries()) {
      const own = Int32Array.from(slots, (slot) => places[index]!.get(order[slot]!) ?? ELSEWHERE);
      for (const [place, value] of of(law, own).entries())
        if (own[place] !== ELSEWHERE) found[slots[place]!] = value;
    }
    return found;
  }

  function inclusionOf(row: number): number {
    for (const [index, { law }] of parts.entries()) {
      const own = places[index]!.get(row);
      if (own !== undefined) return law.inclusions(Int32Array.of(own))[0]!;
    }
    return 0;
  }

  return {
    size,
    draws: Math.max(0, ...parts.map(({ law }) => law.draws)),
    draw(random) {
      const order = new Int32Array(size);
      for (const { law, rows, slots } of parts)
        for (const [place, row] of law.draw(random).entries()) order[slots[place]!] = rows[row]!;
      return order;
    },
    conditionals(order) {
      const found = collect(order, (law, own) => law.conditionals(own));
      const end = found.indexOf(0);
      return end === -1 ? found : found.fill(0, end);
    },
    marginals: (order) => collect(order, (law, own) => law.marginals(own)),
    inclusions: (order) => Float64Array.from(order, inclusionOf),
    scores: (order) => collect(order, (law, own) => law.scores(own)),
  };
}
