import type { Slate } from '#contracts/generated/records.ts';
import type { Settled, Settlement } from './attribution.ts';
import type { QueuedReward, ShownSlate } from './store.ts';

/**
 * @param shown what the slates of the settled slots showed, by offset
 * @returns the rewards of the settled slots; undefined if a slate no longer waits
 */
export function buildRewards(
  { settled }: Settlement,
  shown: ReadonlyMap<number, ShownSlate>,
  sequence: number,
): QueuedReward[] | undefined {
  const rewards: QueuedReward[] = [];
  for (const one of settled) {
    const slate = shown.get(one.slate.offset);
    const slot = slate?.slots[one.slot];
    if (slate === undefined || slot === undefined) return undefined;
    rewards.push(queuedReward(one, slate, slot, sequence + rewards.length + 1));
  }
  return rewards;
}

function queuedReward(
  { slot, earned }: Settled,
  slate: ShownSlate,
  { itemId, features, propensity }: ShownSlate['slots'][number],
  sequence: number,
): QueuedReward {
  const { slateId } = slate;
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
