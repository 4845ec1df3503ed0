import type { Random } from '#algorithms/random.ts';
import type { VectorTable } from '#algorithms/retrieval/vector-table.ts';
import type { Purchases } from '../../data/purchases.ts';

/** Simulates the items that a shop shows: drawn in proportion to how often all users had bought them before a time. */
export class Impressions {
  readonly #rows: Int32Array;

  constructor({ columns, itemIds }: Purchases, vectors: VectorTable, until: number) {
    const rowOf = itemIds.map((itemId) => vectors.rowOf(itemId) ?? -1);
    const end = columns.at.findIndex((at) => at > until);
    this.#rows = columns.item
      .subarray(0, end < 0 ? columns.at.length : end)
      .map((item) => rowOf[item]!)
      .filter((row) => row >= 0);
  }

  /** Returns up to `count` distinct rows, none of them in `taken`. */
  draw(count: number, taken: readonly number[], random: Random): number[] {
    const drawn = new Set<number>();
    const isTaken = new Set(taken);
    for (let i = 0; i < count; i++) {
      const row = this.#rows[random.integer(this.#rows.length)]!;
      if (!isTaken.has(row)) drawn.add(row);
    }
    return [...drawn];
  }
}
