import { MILLISECONDS_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import {
  type ActionWindow,
  DEFAULT_WINDOW_LIMITS,
  type WindowAction,
} from '#algorithms/pinnersage/window.ts';
import type { Purchases } from '../../data/purchases.ts';

/** The actions of a user before a day, and on that day. */
export interface UserDay {
  /** Start of the day, ms. */
  readonly now: number;
  /** Actions before it, with the limits of the interests stage; at least one. */
  readonly window: ActionWindow;
  /** The day's actions, at least one. */
  readonly later: readonly WindowAction[];
  /** Whether the user takes the item of each of them for the first time. */
  readonly isNew: readonly boolean[];
}

/** Each user's purchases of items for which `isKnown` returns true, in order of time, by user number. */
export function actionsByUser(purchases: Purchases, isKnown: (itemId: string) => boolean): WindowAction[][] {
  const { columns, userIds, itemIds } = purchases;
  const byUser: WindowAction[][] = userIds.map(() => []);
  columns.user.forEach((user, position) => {
    const itemId = itemIds[columns.item[position]!]!;
    if (!isKnown(itemId)) return;
    const occurredAt = columns.at[position]!;
    byUser[user]!.push({ eventId: String(position), itemId, type: 'buy', occurredAt, weight: 1 });
  });
  return byUser;
}

/** The days after `from` on which a user acted and had acted within the window before. */
export function* walkDays(actions: readonly WindowAction[], from: number): Iterable<UserDay> {
  const { days, maximum } = DEFAULT_WINDOW_LIMITS;
  let next = actions.findIndex(({ occurredAt }) => dayOf(occurredAt) > dayOf(from));
  const taken = new Set(actions.slice(0, Math.max(0, next)).map(({ itemId }) => itemId));
  while (next >= 0 && next < actions.length) {
    const start = next;
    const day = dayOf(actions[start]!.occurredAt);
    while (next < actions.length && dayOf(actions[next]!.occurredAt) === day) next++;
    const now = day * MILLISECONDS_PER_DAY;
    const oldest = now - days * MILLISECONDS_PER_DAY;
    const recent = actions.slice(Math.max(0, start - maximum), start);
    const window = { actions: recent.filter(({ occurredAt }) => occurredAt >= oldest) };
    const later = actions.slice(start, next);
    const isNew = later.map(({ itemId }) => !taken.has(itemId));
    for (const { itemId } of later) taken.add(itemId);
    if (window.actions.length > 0) yield { now, window, later, isNew };
  }
}

function dayOf(time: number): number {
  return Math.floor(time / MILLISECONDS_PER_DAY);
}
