import { CombinerRows } from '#algorithms/combiner/candidate-rows.ts';
import type { CombinerBase } from '#algorithms/combiner/candidates.ts';
import type { ChoiceGroup } from '#algorithms/combiner/listwise.ts';
import { CountedTakers } from '#algorithms/combiner/recent-takers.ts';
import { traitsWithRecent } from '#algorithms/combiner/traits.ts';
import { type Basket, contextKey, joined, walkBaskets } from '#algorithms/combiner/walk.ts';
import { DEFAULT_WINDOW_LIMITS } from '#algorithms/pinnersage/window.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { runSteps } from '#algorithms/steps.ts';

/** What a combiner learns to foresee: the next context of a user, or what a user takes over months. */
export const COMBINER_HORIZONS = ['next', 'lasting'] as const;
export type CombinerHorizon = (typeof COMBINER_HORIZONS)[number];

/** Contexts of a time whose choices are learned from, drawn at random where there are more. */
const MOST_CONTEXTS = 4_000;
/** Users whose choices are learned from, drawn at random where there are more. */
const MOST_USERS = 3_000;
/** Event time for which traits hold in the training: the stage propose computes them again every few seconds. */
const REFRESHED_EVERY_MS = 3_600_000;
const MS_PER_DAY = 86_400_000;

/** A time whose choices are looked at, and what is known before it. */
export interface ChoiceTime {
  readonly before: ActionColumns;
  readonly after: ActionColumns;
  readonly itemCount: number;
}

/** The candidates of a user at the beginning of a context, those that were chosen, and how many items were. */
export interface JudgedGroup extends ChoiceGroup {
  readonly user: number;
  readonly width: number;
  readonly choices: number;
}

/**
 * The contexts in which users took new items, each at its beginning: what the user's window held, and the traits as the takers of that moment make
 * them. Between two contexts the actions are taken in, as the stage propose reads them from the log.
 */
export function nextChoices(
  base: CombinerBase,
  { before, after, itemCount }: ChoiceTime,
  random: Random,
): JudgedGroup[] {
  const actions = joined(inOrder(before), inOrder(after));
  const rows = new CombinerRows(base);
  const takers = new CountedTakers(actions, itemCount);
  const isAsked = drawn(actions, before.at.length, random);
  const groups: JudgedGroup[] = [];
  let refreshed = Number.NEGATIVE_INFINITY;
  const baskets = walkBaskets(actions, before.at.length, {
    isAsked: (_user, first) => isAsked[first] === 1,
    onTaken: (position) => takers.take(position),
  });
  for (const { user, at, fresh, window, taken } of baskets) {
    if (at >= refreshed + REFRESHED_EVERY_MS) {
      rows.refresh(runSteps(traitsWithRecent(base.traits, (item) => takers.countsOf(item))));
      refreshed = at;
    }
    groups.push(groupOf(rows, { user, fresh, window, taken }));
  }
  return groups;
}

/** 1 for the first action of each context that is looked at, of those from `start` on. */
function drawn({ user, context, at }: ActionColumns, start: number, random: Random): Uint8Array {
  const firsts = new Map<string, number>();
  for (let position = at.length - 1; position >= start; position--)
    firsts.set(contextKey(context[position]!, at[position]!), position);
  const isDrawn = new Uint8Array(at.length);
  const known = new Set(user.subarray(0, start));
  const usable = [...firsts.values()].filter((position) => known.has(user[position]!));
  for (const position of sample(usable, MOST_CONTEXTS, random)) isDrawn[position] = 1;
  return isDrawn;
}

/** The candidates of users at the end of a time, with all new items that they took after it. */
export function lastingChoices(
  base: CombinerBase,
  { before, after, itemCount }: ChoiceTime,
  random: Random,
): JudgedGroup[] {
  const positions = Map.groupBy(byTime(before), (position) => before.user[position]!);
  const isKnown = new Uint8Array(itemCount);
  for (const item of before.item) isKnown[item] = 1;
  const chosen = new Map<number, Set<number>>();
  after.user.forEach((user, position) => {
    if (!positions.has(user) || isKnown[after.item[position]!] === 0) return;
    const own = chosen.get(user) ?? new Set();
    chosen.set(user, own.add(after.item[position]!));
  });
  const rows = new CombinerRows(base);
  const groups: JudgedGroup[] = [];
  for (const user of sample([...chosen.keys()], MOST_USERS, random)) {
    const past = positions.get(user)!;
    const fresh = chosen.get(user)!;
    const taken = new Set(past.map((position) => before.item[position]!));
    for (const item of taken) fresh.delete(item);
    if (fresh.size > 0) groups.push(groupOf(rows, { user, fresh, window: windowAfter(past, before), taken }));
  }
  return groups;
}

function groupOf(rows: CombinerRows, { user, fresh, window, taken }: Omit<Basket, 'at'>): JudgedGroup {
  const isTaken = new Uint8Array(rows.itemCount);
  for (const item of taken) isTaken[item] = 1;
  const candidates = rows.of(window, isTaken);
  const places = [...candidates.items.keys()].filter((place) => fresh.has(candidates.items[place]!));
  return {
    user,
    width: rows.width,
    rows: candidates.rows,
    chosen: Int32Array.from(places),
    choices: fresh.size,
  };
}

/** The items that the user's window holds after these actions, the newest first. */
export function windowAfter(past: readonly number[], { item, at }: ActionColumns): number[] {
  const oldest = at[past.at(-1)!]! - DEFAULT_WINDOW_LIMITS.days * MS_PER_DAY;
  const inWindow = past.slice(-DEFAULT_WINDOW_LIMITS.maximum).filter((position) => at[position]! >= oldest);
  return [...new Set(inWindow.reverse().map((position) => item[position]!))];
}

export function byTime({ at }: ActionColumns): Int32Array {
  return Int32Array.from(at.keys()).sort((a, b) => at[a]! - at[b]! || a - b);
}

function inOrder(actions: ActionColumns): ActionColumns {
  const order = byTime(actions);
  return {
    user: order.map((position) => actions.user[position]!),
    context: order.map((position) => actions.context[position]!),
    item: order.map((position) => actions.item[position]!),
    weight: Float32Array.from(order, (position) => actions.weight[position]!),
    at: Float64Array.from(order, (position) => actions.at[position]!),
  };
}

export function sample(numbers: number[], most: number, random: Random): number[] {
  for (let i = numbers.length - 1; i > 0; i--) {
    const other = random.integer(i + 1);
    [numbers[i], numbers[other]] = [numbers[other]!, numbers[i]!];
  }
  return numbers.slice(0, most);
}
