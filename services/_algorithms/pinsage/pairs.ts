import type { Random } from '../random.ts';

/** Actions as columns of equal length, in any order. */
export interface ActionColumns {
  readonly user: Int32Array;
  /** Board, basket or session; items taken together have the same context. */
  readonly context: Int32Array;
  readonly item: Int32Array;
  /** Strength of the action, > 0. */
  readonly weight: Float32Array;
  /** Event time in ms. */
  readonly at: Float64Array;
}

/** Positive pairs: a user took the query and then the positive. In order of time. */
export interface PairColumns {
  readonly query: Int32Array;
  readonly positive: Int32Array;
  /** Event time of the positive in ms. */
  readonly at: Float64Array;
}

export interface PairOptions {
  /** Longest time between two contexts of a user whose items still form pairs, in ms. */
  readonly withinMs: number;
  /** Pairs in which each taken item may be the query. */
  readonly pairsPerAction: number;
}

/**
 * Positives for training: items taken one after another by the same user (PinSage, KDD 2018, §3.3). Items of one
 * context may have the same timestamp, so their order means nothing: a query is paired with items of its own context
 * and of the user's next one. Each action yields at most `pairsPerAction` pairs, so that a basket of n items counts n
 * times, not n², and a pair never joins an item with itself. Throws RangeError if columns differ in length.
 */
export function positivePairs(actions: ActionColumns, options: PairOptions, random: Random): PairColumns {
  const { item, at } = actions;
  const query: number[] = [];
  const positive: number[] = [];
  const time: number[] = [];
  for (const { own, next } of consecutiveContexts(actions, options.withinMs)) {
    for (const action of own) {
      for (let pair = 0; pair < options.pairsPerAction; pair++) {
        const partner = drawPartner(own, next, random);
        if (item[partner] === item[action]) continue;
        query.push(item[action]!);
        positive.push(item[partner]!);
        time.push(Math.max(at[action]!, at[partner]!));
      }
    }
  }
  const order = Int32Array.from(time.keys()).sort((a, b) => time[a]! - time[b]! || a - b);
  return {
    query: Int32Array.from(order, (p) => query[p]!),
    positive: Int32Array.from(order, (p) => positive[p]!),
    at: Float64Array.from(order, (p) => time[p]!),
  };
}

/**
 * Splits the actions at the time before which (1 − `share`) of them lie; actions at that time belong to the first
 * part.
 */
export function splitByTime(
  actions: ActionColumns,
  share: number,
): { before: ActionColumns; after: ActionColumns } {
  const length = checkColumns(actions);
  if (length === 0) return { before: actions, after: actions };
  const times = actions.at.slice().sort();
  const boundary = times[Math.max(0, Math.ceil(length * (1 - share)) - 1)]!;
  const early: number[] = [];
  const late: number[] = [];
  for (let i = 0; i < length; i++) (actions.at[i]! <= boundary ? early : late).push(i);
  return { before: selectRows(actions, early), after: selectRows(actions, late) };
}

/**
 * Draws each item of the same or the next context with equal probability; half of the draws go to either if both
 * exist.
 */
function drawPartner(own: Int32Array, next: Int32Array | undefined, random: Random): number {
  const pool = next !== undefined && (own.length === 1 || random.next() < 0.5) ? next : own;
  return pool[random.integer(pool.length)]!;
}

interface ConsecutiveContexts {
  readonly own: Int32Array;
  readonly next: Int32Array | undefined;
}

/**
 * Positions of the actions of each context of each user, with those of the user's next context if it is near in time.
 */
function* consecutiveContexts(actions: ActionColumns, withinMs: number): Iterable<ConsecutiveContexts> {
  const { user, context, at } = actions;
  const order = Int32Array.from({ length: checkColumns(actions) }, (_, i) => i).sort(
    (a, b) => user[a]! - user[b]! || at[a]! - at[b]! || context[a]! - context[b]! || a - b,
  );
  let previous: Int32Array | undefined;
  for (let start = 0; start < order.length; ) {
    let end = start + 1;
    while (end < order.length && sameContext(actions, order[start]!, order[end]!)) end++;
    const own = order.subarray(start, end);
    if (previous !== undefined) {
      const near = user[previous[0]!] === user[own[0]!] && at[own[0]!]! - at[previous.at(-1)!]! <= withinMs;
      yield { own: previous, next: near ? own : undefined };
    }
    previous = own;
    start = end;
  }
  if (previous !== undefined) yield { own: previous, next: undefined };
}

function sameContext({ user, context }: ActionColumns, a: number, b: number): boolean {
  return user[a] === user[b] && context[a] === context[b];
}

function checkColumns({ user, context, item, weight, at }: ActionColumns): number {
  const lengths = [user, context, item, weight, at].map((column) => column.length);
  if (new Set(lengths).size > 1)
    throw new RangeError(`Action columns differ in length: ${lengths.join(', ')}`);
  return user.length;
}

function selectRows(
  { user, context, item, weight, at }: ActionColumns,
  positions: readonly number[],
): ActionColumns {
  return {
    user: Int32Array.from(positions, (p) => user[p]!),
    context: Int32Array.from(positions, (p) => context[p]!),
    item: Int32Array.from(positions, (p) => item[p]!),
    weight: Float32Array.from(positions, (p) => weight[p]!),
    at: Float64Array.from(positions, (p) => at[p]!),
  };
}
