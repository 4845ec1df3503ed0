import { weightOfType } from '#algorithms/pinnersage/evidence.ts';
import {
  type ActionWindow,
  applyAction,
  type WindowAction,
  type WindowChange,
} from '#algorithms/pinnersage/window.ts';
import { deltaOf, type WindowDelta } from '#algorithms/pinnersage/window-delta.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { MAX_ID_BYTES } from '#contracts/domain/ids.ts';
import type { Repeat, UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { ClusteredWindow } from './clusters.ts';
import type { InterestsConfig } from './config.ts';

/** A message takes up to 1 MiB: a quarter holds a thousand of the longest ids, and leaves room for medoids or candidates. */
const RECENT_BYTES = 256 * 1_024;

/** An action with its offset in the partition and the stream time at that offset. */
export interface PlacedAction {
  readonly action: UserAction;
  readonly offset: number;
  /** Newest event time in the partition up to and including this offset, ms. */
  readonly streamTime: number;
}

/** Applies actions in log order to the window, in place. @returns the outcome for each, and what changed altogether */
export function applyActions(
  window: ActionWindow,
  actions: readonly PlacedAction[],
  config: Pick<InterestsConfig, 'windowDays' | 'windowMaximum'>,
): { readonly outcomes: readonly WindowChange[]; readonly delta: WindowDelta } {
  const limits = { days: config.windowDays, maximum: config.windowMaximum };
  const sizeBefore = window.actions.length;
  const inserted: WindowAction[] = [];
  const outcomes = actions.map(({ action: { eventId, itemId, type, occurredAt }, streamTime }) => {
    const action = { eventId, itemId, type, occurredAt, weight: 1 };
    const outcome = applyAction(window, action, streamTime, limits);
    if (outcome === 'added') inserted.push(action);
    return outcome;
  });
  return { outcomes, delta: deltaOf(window, sizeBefore, inserted) };
}

/** Composes the record of a user from the window and its clustering; `generation` is null while none is served. */
export function composeInterests(
  window: ActionWindow,
  at: Pick<UserInterests, 'userId' | 'version' | 'streamTime' | 'receivedAt' | 'generation'>,
  { medoids, unknownItems }: Pick<ClusteredWindow, 'medoids' | 'unknownItems'>,
  config: Pick<InterestsConfig, 'actionWeights' | 'recentMaximum'>,
): UserInterests {
  const { userId, version, generation, streamTime, receivedAt } = at;
  const types = weightiestTypes(window, medoids, config.actionWeights);
  return {
    userId,
    version,
    generation,
    streamTime,
    receivedAt,
    medoids: medoids.map(({ itemId, importance, size, lastOccurredAt }) => ({
      itemId,
      type: types.get(itemId) ?? NO_TYPE,
      importance,
      size,
      lastOccurredAt,
    })),
    ...recentItems(window, streamTime, config),
    windowSize: window.actions.length,
    unknownItems,
  };
}

/** By medoid, the type of its actions that weighs most; of equal weights, the earliest type. */
function weightiestTypes(
  window: ActionWindow,
  medoids: ClusteredWindow['medoids'],
  weights: ActionWeights,
): Map<string, string> {
  const types = new Map<string, string>();
  for (const { itemId } of medoids) types.set(itemId, NO_TYPE);
  for (const { itemId, type } of window.actions) {
    const best = types.get(itemId);
    if (best === undefined || best === type) continue;
    if (best === NO_TYPE || weightOfType(weights, type) > weightOfType(weights, best))
      types.set(itemId, type);
  }
  return types;
}

/** No action has this type, because it is the name of none. */
const NO_TYPE = '';

/** What the window tells of an item. */
interface Recent {
  type: string;
  /** Purchases on different days: their number, and the times of the first and the last. */
  times: number;
  firstAt: number;
  lastAt: number;
}

const MS_PER_MINUTE = 60_000;
/** Purchases of an item within a day are one. */
const VISIT_MS = 86_400_000;

/**
 * The items of the window, the latest first, as many as fit; the type of their actions that weighs most, as for medoids; and those that were
 * bought on several days.
 */
function recentItems(
  { actions }: ActionWindow,
  streamTime: number,
  { recentMaximum, actionWeights }: Pick<InterestsConfig, 'actionWeights' | 'recentMaximum'>,
): Pick<UserInterests, 'recent' | 'types' | 'recentTypes' | 'repeats'> {
  const items = new Map<string, Recent>();
  // The ids of a shorter window fit, whatever they are.
  const isLong = actions.length > RECENT_BYTES / MAX_ID_BYTES;
  let bytes = 0;
  let isFull = false;
  for (let place = actions.length - 1; place >= 0; place--) {
    const { itemId, type, occurredAt } = actions[place]!;
    const known = items.get(itemId);
    if (known !== undefined) {
      if (known.type !== type && weightOfType(actionWeights, type) >= weightOfType(actionWeights, known.type))
        known.type = type;
      if (type === 'buy') countPurchase(known, occurredAt);
      continue;
    }
    if (isLong && !isFull) bytes += Buffer.byteLength(itemId);
    isFull ||= items.size >= recentMaximum || bytes > RECENT_BYTES;
    if (isFull) continue;
    const times = type === 'buy' ? 1 : 0;
    items.set(itemId, { type, times, firstAt: occurredAt, lastAt: occurredAt });
  }
  const types = [...new Set(Array.from(items.values(), ({ type }) => type))];
  const recentTypes = types.length < 2 ? [] : Array.from(items.values(), ({ type }) => types.indexOf(type));
  return { recent: [...items.keys()], types, recentTypes, repeats: repeatsOf(items.values(), streamTime) };
}

/** Actions come from the latest to the earliest. */
function countPurchase(item: Recent, occurredAt: number): void {
  if (item.times === 0) item.lastAt = occurredAt;
  else if (item.firstAt - occurredAt < VISIT_MS) return;
  item.times += 1;
  item.firstAt = occurredAt;
}

function repeatsOf(items: Iterable<Recent>, streamTime: number): Repeat[] {
  const repeats: Repeat[] = [];
  let place = -1;
  for (const { times, firstAt, lastAt } of items) {
    place++;
    if (times < 2) continue;
    const span = Math.round((lastAt - firstAt) / MS_PER_MINUTE);
    repeats.push({
      place,
      times,
      span,
      idle: Math.max(0, Math.round((streamTime - lastAt) / MS_PER_MINUTE)),
    });
  }
  return repeats;
}
