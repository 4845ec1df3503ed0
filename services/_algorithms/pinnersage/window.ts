import { MILLISECONDS_PER_DAY } from './importance.ts';

/** One user action as the window keeps it. */
export interface WindowAction {
  /** Unique to the action; the second delivery of an id is a duplicate. */
  readonly eventId: string;
  readonly itemId: string;
  /** Kind of action, a key of the action weights. */
  readonly type: string;
  /** Event time, ms since 1970, a non-negative safe integer. */
  readonly occurredAt: number;
  /** The action's own factor on the weight of its type; 1 where the app gives none. */
  readonly weight: number;
}

/** A user's recent actions, ascending by (occurredAt, eventId). Changed only by the functions below. */
export interface ActionWindow {
  readonly actions: WindowAction[];
}

export interface WindowLimits {
  /** Age in days of stream time beyond which an action leaves. */
  readonly days: number;
  /** Number of actions beyond which the oldest leave. */
  readonly maximum: number;
}

/** 90 days as in PinnerSage (KDD 2020). */
export const DEFAULT_WINDOW_LIMITS: WindowLimits = { days: 90, maximum: 400 };

/** `late`: older than the days allow, or than everything that a full window keeps. */
export type WindowChange = 'added' | 'duplicate' | 'late';

export function createWindow(): ActionWindow {
  return { actions: [] };
}

/**
 * Puts `action` in its place in the order of event time and lets expired and surplus actions leave.
 * `streamTime` is the newest event time seen, this action's included, in ms.
 *
 * The window is a function of the set of actions and the final stream time, whatever the order of arrival and
 * however often each arrives: it holds the newest `maximum` that are not older than `days`.
 */
export function applyAction(
  window: ActionWindow,
  action: WindowAction,
  streamTime: number,
  limits: WindowLimits = DEFAULT_WINDOW_LIMITS,
): WindowChange {
  expire(window, streamTime, limits);
  const { actions } = window;
  if (action.occurredAt < oldestKept(streamTime, limits)) return 'late';
  if (actions.some(({ eventId }) => eventId === action.eventId)) return 'duplicate';
  const position = insertionPoint(actions, action);
  if (position === 0 && actions.length >= limits.maximum) return 'late';
  actions.splice(position, 0, action);
  dropOldest(actions, limits.maximum);
  return 'added';
}

/** Lets what stream time and the maximum no longer allow leave. Returns how many actions left. */
export function expire(
  window: ActionWindow,
  streamTime: number,
  limits: WindowLimits = DEFAULT_WINDOW_LIMITS,
): number {
  const { actions } = window;
  const before = actions.length;
  const bound = oldestKept(streamTime, limits);
  const firstKept = actions.findIndex(({ occurredAt }) => occurredAt >= bound);
  actions.splice(0, firstKept === -1 ? actions.length : firstKept);
  dropOldest(actions, limits.maximum);
  return before - actions.length;
}

/** Event order: by time, then by id, so that actions of one instant have one order too. */
export function compareActions(a: WindowAction, b: WindowAction): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}

function oldestKept(streamTime: number, limits: WindowLimits): number {
  return streamTime - limits.days * MILLISECONDS_PER_DAY;
}

/** Searched from the end, where nearly all actions belong. */
function insertionPoint(actions: readonly WindowAction[], action: WindowAction): number {
  let position = actions.length;
  while (position > 0 && compareActions(actions[position - 1]!, action) > 0) position--;
  return position;
}

function dropOldest(actions: WindowAction[], maximum: number): void {
  if (actions.length > maximum) actions.splice(0, actions.length - maximum);
}
