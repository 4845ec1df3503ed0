import type { Slate } from '#contracts/generated/records.ts';
import type { Settled, Settlement } from './attribution.ts';
import type { JoinStore, QueuedReward, ShownSlate } from './store.ts';

/**
 * @returns the rewards of the settled slots, and the number of slots without one because their slate is no longer stored:
 *   either another process has closed it since the state was read, or it is lost
 */
export async function buildRewards(
  partition: number,
  { settled }: Settlement,
  from: { shown: readonly ShownSlate[]; sequence: number; store: JoinStore },
): Promise<{ rewards: QueuedReward[]; missing: number }> {
  const known = new Map(from.shown.map((slate) => [slate.slateId, slate]));
  const unknown = new Set(settled.map(({ slateId }) => slateId).filter((slateId) => !known.has(slateId)));
  for (const [slateId, slate] of await from.store.readShown(partition, [...unknown]))
    known.set(slateId, slate);
  const rewards: QueuedReward[] = [];
  for (const one of settled) {
    const slate = known.get(one.slateId);
    const shown = slate?.slots[one.slot];
    if (slate === undefined || shown === undefined) continue;
    rewards.push(queuedReward(one, slate, shown, from.sequence + rewards.length + 1));
  }
  return { rewards, missing: settled.length - rewards.length };
}

function queuedReward(
  { slateId, slot, earned }: Settled,
  slate: ShownSlate,
  { itemId, features, propensity }: ShownSlate['slots'][number],
  sequence: number,
): QueuedReward {
  return {
    reward: {
      rewardId: `${slateId}/${slot}`,
      sequence,
      slateId,
      userId: slate.userId,
      itemId,
      slot,
      reward: earned?.reward ?? 0,
      actionType: earned?.actionType ?? null,
      delay: earned?.delay ?? null,
      features,
      featureNames: slate.featureNames,
      propensity,
      servedAt: slate.servedAt,
    },
    ...(slate.trace === undefined ? {} : { trace: slate.trace }),
  };
}

export function shownSlate(slate: Slate, trace: string | undefined): ShownSlate {
  const { slateId, userId, servedAt, featureNames, slots } = slate;
  return {
    slateId,
    userId,
    servedAt,
    featureNames,
    slots: slots.map(({ itemId, features, propensity }) => ({ itemId, features, propensity })),
    ...(trace === undefined ? {} : { trace }),
  };
}
