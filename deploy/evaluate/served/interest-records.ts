import { clusterWindow } from '#algorithms/pinnersage/interests.ts';
import { createWardWorkspace } from '#algorithms/pinnersage/ward.ts';
import { createWindow } from '#algorithms/pinnersage/window.ts';
import { row } from '#algorithms/vectors.ts';
import type { UserInterests } from '#contracts/generated/records.ts';
import type { InterestsConfig } from '../../../services/interests/config.ts';
import { applyActions, composeInterests, type PlacedAction } from '../../../services/interests/update.ts';
import { actionRecord, EVALUATED, type LogEnd } from './log-end.ts';

/**
 * The records of `interests` that the stage interests holds at the end of the log, for some users by number. The stage's windows and
 * records are made by its own code. Its incremental clustering gives the clusters of the full one (decision 0012), which is used here.
 */
export function interestRecords(
  log: LogEnd,
  users: ReadonlySet<number>,
  config: InterestsConfig,
): Map<number, UserInterests> {
  const { actions, itemIds, userIds, vectors } = log;
  const positions = new Map([...users].map((user) => [user, [] as number[]]));
  actions.user.forEach((user, position) => void positions.get(user)?.push(position));
  const numberOf = new Map(itemIds.map((itemId, number) => [itemId, number]));
  const vectorOf = (itemId: string) => {
    const own = row(vectors.vectors, numberOf.get(itemId)!, vectors.dim);
    return own.every((component) => component === 0) ? undefined : own;
  };
  const { lambdaPerDay, actionWeights } = config;
  const workspace = createWardWorkspace();
  const records = new Map<number, UserInterests>();
  for (const [user, own] of positions) {
    const window = createWindow();
    applyActions(window, newest(own, config.windowMaximum, log), config);
    const last = own.at(-1);
    if (last === undefined) continue;
    const now = actions.at[last]!;
    const options = { alpha: vectors.alpha, lambdaPerDay, actionWeights, now };
    const at = {
      userId: userIds[user]!,
      version: last,
      generation: EVALUATED,
      streamTime: now,
      receivedAt: now,
    };
    records.set(
      user,
      composeInterests(window, at, clusterWindow(window, vectorOf, options, workspace), config),
    );
  }
  return records;
}

/** The actions that a window of at most `maximum` may hold; older ones would leave it at once. */
function newest(positions: readonly number[], maximum: number, log: LogEnd): PlacedAction[] {
  const { at } = log.actions;
  const oldest = at[positions.at(-maximum) ?? positions[0]!]!;
  return positions
    .filter((position) => at[position]! >= oldest)
    .map((offset) => ({ action: actionRecord(log, offset), offset, streamTime: at[offset]! }));
}
