import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';

/** Sequences of the items of users, cut into windows that overlap only in their targets. */
export interface SequenceWindows {
  /** Look-back + horizon items a window, the oldest first; −1 behind the end of a sequence. */
  readonly items: Int32Array;
  /** 1 for an item that the user had not taken before: only such an item is a target. */
  readonly isNew: Uint8Array;
  readonly count: number;
  readonly length: number;
}

export interface WindowShape {
  /** Items that are read before one is predicted. */
  readonly lookBack: number;
  /** Later items that are predicted. */
  readonly horizon: number;
}

/** Positions of the actions by user, each user's by time; actions of one time, such as a basket, are in a random order. */
export function byUserAndTime({ user, at }: Pick<ActionColumns, 'user' | 'at'>, random: Random): Int32Array {
  // Their order in the log may be that of their ids, which a model would learn.
  const ties = Float64Array.from(user, () => random.next());
  return Int32Array.from(user.keys()).sort(
    (a, b) => user[a]! - user[b]! || at[a]! - at[b]! || ties[a]! - ties[b]!,
  );
}

/**
 * Windows of the sequences, a user's actions each. Each action is read in one window and is a target of the items before it. A window without
 * a target teaches nothing, and is left out.
 */
export function sequenceWindows(
  actions: Pick<ActionColumns, 'user' | 'item' | 'at'>,
  itemCount: number,
  { lookBack, horizon }: WindowShape,
  random: Random,
): SequenceWindows {
  const { user, item } = actions;
  const order = byUserAndTime(actions, random);
  const length = lookBack + horizon;
  const lastTaker = new Int32Array(itemCount).fill(-1);
  const newAt = Uint8Array.from(order, (position) => {
    const isFirst = lastTaker[item[position]!] !== user[position]!;
    lastTaker[item[position]!] = user[position]!;
    return isFirst ? 1 : 0;
  });
  const starts: number[] = [];
  const ends: number[] = [];
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && user[order[end]!] === user[order[start]!]) end++;
    for (let from = start; from + 1 < end; from += lookBack) {
      const to = Math.min(end, from + length);
      if (newAt.subarray(from + 1, to).includes(1)) {
        starts.push(from);
        ends.push(to);
      }
    }
    start = end;
  }
  const items = new Int32Array(starts.length * length).fill(-1);
  const isNew = new Uint8Array(starts.length * length);
  starts.forEach((from, window) => {
    for (let at = from; at < ends[window]!; at++) {
      items[window * length + at - from] = item[order[at]!]!;
      isNew[window * length + at - from] = newAt[at]!;
    }
  });
  return { items, isNew, count: starts.length, length };
}
