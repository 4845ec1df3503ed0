import { DEFAULT_WINDOW_LIMITS } from '../pinnersage/window.ts';
import type { ActionColumns } from '../pinsage/pairs.ts';

const MS_PER_DAY = 86_400_000;

/** The items that a user takes at once, before they are known. */
export interface Basket {
  readonly user: number;
  readonly at: number;
  /** Items that the user takes for the first time, at least one. */
  readonly fresh: ReadonlySet<number>;
  /** Items of the user's window at this moment, the newest first. */
  readonly window: readonly number[];
  /** All items that the user took before. */
  readonly taken: ReadonlySet<number>;
}

/** Whole days since 1970 of an event time. */
export function dayOf(at: number): number {
  return Math.floor(at / MS_PER_DAY);
}

/** Name of a basket: the actions of one context on another day, as on a board that is kept for long, are a basket of their own. */
export function contextKey(context: number, at: number): string {
  return `${context} ${dayOf(at)}`;
}

/** The actions of two times, one after the other. */
export function joined(first: ActionColumns, second: ActionColumns): ActionColumns {
  return {
    user: Int32Array.from([...first.user, ...second.user]),
    context: Int32Array.from([...first.context, ...second.context]),
    item: Int32Array.from([...first.item, ...second.item]),
    weight: Float32Array.from([...first.weight, ...second.weight]),
    at: Float64Array.from([...first.at, ...second.at]),
  };
}

export interface BasketWalk {
  /** Whether a basket is asked for, by its user and the position of its first action; by default all are. */
  readonly isAsked?: (user: number, first: number) => boolean;
  /** Called with the position of each action that is taken in, those of the history included. */
  readonly onTaken?: (position: number) => void;
}

/**
 * The baskets of a time in order, each as it stands before it is taken in; then it is. Items that were unknown at the start are
 * taken in, but are none that could be found.
 * @param actions all actions, ascending by time; those before `start` are the history
 * @param start position of the first action that is asked for
 */
export function* walkBaskets(
  { user, item, at, context }: ActionColumns,
  start: number,
  { isAsked = () => true, onTaken }: BasketWalk = {},
): Generator<Basket> {
  const positions = new Map<number, number[]>();
  const taken = new Map<number, Set<number>>();
  const known = new Set<number>();
  const take = (position: number) => {
    const owner = user[position]!;
    const own = positions.get(owner) ?? [];
    positions.set(owner, own);
    own.push(position);
    taken.set(owner, (taken.get(owner) ?? new Set()).add(item[position]!));
    onTaken?.(position);
  };
  for (let position = 0; position < start; position++) {
    take(position);
    known.add(item[position]!);
  }
  const baskets = Map.groupBy(
    Array.from({ length: at.length - start }, (_, i) => start + i),
    (position) => contextKey(context[position]!, at[position]!),
  );
  for (const basket of baskets.values()) {
    const [first] = basket;
    const owner = user[first!]!;
    const before = taken.get(owner);
    if (before !== undefined && isAsked(owner, first!)) {
      const fresh = new Set(basket.map((position) => item[position]!));
      for (const one of [...fresh]) if (before.has(one) || !known.has(one)) fresh.delete(one);
      const window = windowOf(positions.get(owner)!, at[first!]!, { item, at });
      // A copy, because the set grows while earlier baskets may still be asked for.
      if (fresh.size > 0) yield { user: owner, at: at[first!]!, fresh, window, taken: new Set(before) };
    }
    for (const position of basket) take(position);
  }
}

/** Distinct items of the actions that the window holds at a time, the newest first. */
function windowOf(
  own: readonly number[],
  now: number,
  { item, at }: Pick<ActionColumns, 'item' | 'at'>,
): number[] {
  const oldest = now - DEFAULT_WINDOW_LIMITS.days * MS_PER_DAY;
  const kept = own.slice(-DEFAULT_WINDOW_LIMITS.maximum).filter((position) => at[position]! >= oldest);
  return [...new Set(kept.reverse().map((position) => item[position]!))];
}
