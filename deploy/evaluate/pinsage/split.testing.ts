import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { TemporalSplit } from './split.ts';

type Sets = ReadonlyArray<readonly [user: number, items: readonly number[]]>;

/** No actions. */
export const NOTHING: ActionColumns = {
  user: new Int32Array(0),
  item: new Int32Array(0),
  context: new Int32Array(0),
  weight: new Float32Array(0),
  at: new Float64Array(0),
};

/** A split of items a, b, c… with the parts that a test names. */
export function splitOf(parts: {
  readonly itemCount: number;
  readonly train?: ActionColumns;
  readonly test?: ActionColumns;
  readonly seen?: Sets;
  readonly relevant?: Sets;
}): TemporalSplit {
  const setsOf = (sets: Sets = []) => new Map(sets.map(([user, items]) => [user, new Set(items)]));
  return {
    itemIds: Array.from({ length: parts.itemCount }, (_, item) => String.fromCharCode(97 + item)),
    train: parts.train ?? NOTHING,
    test: parts.test ?? NOTHING,
    seen: setsOf(parts.seen),
    relevant: setsOf(parts.relevant),
  };
}
