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
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
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
    ...recentItems(window, config),
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

/** The items of the window, the latest first, as many as fit, and the type of their actions that weighs most, as for medoids. */
function recentItems(
  { actions }: ActionWindow,
  { recentMaximum, actionWeights }: Pick<InterestsConfig, 'actionWeights' | 'recentMaximum'>,
): Pick<UserInterests, 'recent' | 'types' | 'recentTypes'> {
  const typeOf = new Map<string, string>();
  // The ids of a shorter window fit, whatever they are.
  const isLong = actions.length > RECENT_BYTES / MAX_ID_BYTES;
  let bytes = 0;
  let isFull = false;
  for (let place = actions.length - 1; place >= 0; place--) {
    const { itemId, type } = actions[place]!;
    const best = typeOf.get(itemId);
    if (best !== undefined) {
      if (best !== type && weightOfType(actionWeights, type) >= weightOfType(actionWeights, best))
        typeOf.set(itemId, type);
      continue;
    }
    if (isLong && !isFull) bytes += Buffer.byteLength(itemId);
    isFull ||= typeOf.size >= recentMaximum || bytes > RECENT_BYTES;
    if (!isFull) typeOf.set(itemId, type);
  }
  const types = [...new Set(typeOf.values())];
  const recentTypes = types.length < 2 ? [] : Array.from(typeOf.values(), (type) => types.indexOf(type));
  return { recent: [...typeOf.keys()], types, recentTypes };
}
