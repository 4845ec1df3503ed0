import { MILLISECONDS_PER_DAY } from './importance.ts';

/** One user action as the window keeps it. */
export interface WindowAction {
  /** Unique to the action; a second action with the same id is a duplicate. */
  readonly eventId: string;
  readonly itemId: string;
  /** Kind of action, a key of the action weights. */
  readonly type: string;
  /** Event time, ms since 1970, a non-negative safe integer. */
  readonly occurredAt: number;
  /** The action's own factor on the weight of its type. Default 1. */
  readonly weight: number;
}

/** A user's recent actions, ascending by (occurredAt, eventId). Modified only by the functions below. */
export interface ActionWindow {
  readonly actions: WindowAction[];
}

export interface WindowLimits {
  /** Maximum age of an action in days of stream time. */
  readonly days: number;
  /** Maximum number of actions; the oldest are dropped. */
  readonly maximum: number;
}

/** 90 days as in PinnerSage (KDD 2020). */
export const DEFAULT_WINDOW_LIMITS: WindowLimits = { days: 90, maximum: 400 };

/** `late`: older than the maximum age, or than every action of a full window. */
export type WindowChange = 'added' | 'duplicate' | 'late';

export function createWindow(): ActionWindow {
  return { actions: [] };
}

/**
 * Inserts `action` in the order of event time and drops expired and surplus actions. `streamTime` is the newest event
 * time seen, this action's included, in ms.
 *
 * The window is a function of the set of actions and the final stream time, independent of order and duplicates: it
 * holds the newest `maximum` that are not older than `days`.
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

/** Drops the actions that stream time and the maximum no longer allow. Returns their number. */
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

/** Event order: by time, then by id, so that actions of one instant also have one order. */
export function compareActions(a: WindowAction, b: WindowAction): number {
  if (a.occurredAt !== b.occurredAt) return a.occurredAt - b.occurredAt;
  if (a.eventId === b.eventId) return 0;
  return a.eventId < b.eventId ? -1 : 1;
}

function oldestKept(streamTime: number, limits: WindowLimits): number {
  return streamTime - limits.days * MILLISECONDS_PER_DAY;
}

/** Searches from the end, where nearly all actions belong. */
function insertionPoint(actions: readonly WindowAction[], action: WindowAction): number {
  let position = actions.length;
  while (position > 0 && compareActions(actions[position - 1]!, action) > 0) position--;
  return position;
}

function dropOldest(actions: WindowAction[], maximum: number): void {
  if (actions.length > maximum) actions.splice(0, actions.length - maximum);
}
