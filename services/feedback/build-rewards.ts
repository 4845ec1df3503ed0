import type { Reward, Slate } from '#contracts/generated/records.ts';
import type { SettledSlate, SettledSlot } from './attribution.ts';
import { MAIN_OBJECTIVE } from './objectives.ts';
import type { QueuedReward, ShownSlate } from './store.ts';

/**
 * @param shown what the settled slates showed, by offset
 * @returns the rewards of their slots
 */
export function buildRewards(
  settled: readonly SettledSlate[],
  shown: ReadonlyMap<number, ShownSlate>,
  sequence: number,
): QueuedReward[] {
  const rewards: QueuedReward[] = [];
  for (const { slate, slots } of settled)
    for (const slot of slots)
      rewards.push(queuedReward(slot, shown.get(slate.offset)!, sequence + rewards.length + 1));
  return rewards;
}

function queuedReward(settled: SettledSlot, slate: ShownSlate, sequence: number): QueuedReward {
  const { slateId, userId, servedAt, featureNames, contextNames, context } = slate;
  const { slot, exposure, earned, outcomes } = settled;
  const { itemId, features, propensity } = slate.slots[slot]!;
  const reward: Reward = {
    rewardId: `${slateId}/${slot}`,
    sequence,
    slateId,
    userId,
    itemId,
    slot,
    reward: settled.reward,
    actionType: earned?.actionType ?? null,
    delay: earned?.delay ?? null,
    features: [...features, ...context],
    featureNames: [...featureNames, ...contextNames],
    propensity,
    servedAt,
    exposure,
    slots: slate.slots.length,
    // Of the main objective alone, the reward says all.
    learner: slate.learner ?? '',
    outcomes: Object.keys(outcomes).every((name) => name === MAIN_OBJECTIVE) ? {} : outcomes,
  };
  return { reward, ...(slate.trace === undefined ? {} : { trace: slate.trace }) };
}

export function shownSlate(slate: Slate, trace: string | undefined): ShownSlate {
  const { slateId, userId, servedAt, featureNames, contextNames, context, slots, learner } = slate;
  return {
    slateId,
    userId,
    servedAt,
    featureNames,
    contextNames,
    context,
    slots: slots.map(({ itemId, features, propensity }) => ({ itemId, features, propensity })),
    ...(trace === undefined ? {} : { trace }),
    ...(learner === '' ? {} : { learner }),
  };
}
