import { clusterWindow } from '#algorithms/pinnersage/interests.ts';
import type { WardWorkspace } from '#algorithms/pinnersage/ward.ts';
import { type ActionWindow, applyAction, type WindowChange } from '#algorithms/pinnersage/window.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { InterestsConfig } from './config.ts';

/** An action with its place in the partition and the stream time there. */
export interface PlacedAction {
  readonly action: UserAction;
  readonly offset: number;
  /** Newest event time in the partition up to and including this offset, ms. */
  readonly streamTime: number;
}

/** The vectors and the cut height of the generation that is served. */
export interface ServedVectors {
  readonly generation: string;
  readonly alpha: number;
  vectorOf(itemId: string): Float32Array | undefined;
}

/** Applies actions in log order to the window, in place. @returns what became of each */
export function applyActions(
  window: ActionWindow,
  actions: readonly PlacedAction[],
  config: Pick<InterestsConfig, 'windowDays' | 'windowMaximum'>,
): WindowChange[] {
  const limits = { days: config.windowDays, maximum: config.windowMaximum };
  return actions.map(({ action: { eventId, itemId, type, occurredAt }, streamTime }) =>
    applyAction(window, { eventId, itemId, type, occurredAt, weight: 1 }, streamTime, limits),
  );
}

/** Clusters the window in the served generation; without one there are no medoids yet. */
export function deriveInterests(
  window: ActionWindow,
  at: Pick<UserInterests, 'userId' | 'version' | 'streamTime' | 'receivedAt'>,
  served: ServedVectors | undefined,
  config: InterestsConfig,
  workspace: WardWorkspace,
): UserInterests {
  const clustered =
    served === undefined
      ? { medoids: [], unknownItems: 0 }
      : clusterWindow(
          window,
          served.vectorOf,
          {
            alpha: served.alpha,
            lambdaPerDay: config.lambdaPerDay,
            actionWeights: config.actionWeights,
            now: at.streamTime,
          },
          workspace,
        );
  return {
    userId: at.userId,
    version: at.version,
    generation: served?.generation ?? null,
    streamTime: at.streamTime,
    receivedAt: at.receivedAt,
    medoids: clustered.medoids.map(({ itemId, importance, size, lastOccurredAt }) => ({
      itemId,
      type: weightiestType(window, itemId, config.actionWeights),
      importance,
      size,
      lastOccurredAt,
    })),
    recent: recentItems(window, config.recentMaximum),
    windowSize: window.actions.length,
    unknownItems: clustered.unknownItems,
  };
}

function weightiestType(
  window: ActionWindow,
  itemId: string,
  weights: Readonly<Record<string, number>>,
): string {
  let best = '';
  for (const action of window.actions) {
    if (action.itemId !== itemId) continue;
    if (best === '' || (weights[action.type] ?? 0) > (weights[best] ?? 0)) best = action.type;
  }
  return best;
}

function recentItems(window: ActionWindow, maximum: number): string[] {
  const recent = new Set<string>();
  for (const { itemId } of window.actions.toReversed()) {
    if (recent.size >= maximum) break;
    recent.add(itemId);
  }
  return [...recent];
}
