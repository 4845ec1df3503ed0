import { actionFault } from '#contracts/domain/action-validity.ts';
import { slateFault } from '#contracts/domain/record-validity.ts';
import type { Reward, Slate, UserAction } from '#contracts/generated/records.ts';
import type { AttributionRules } from '../../../services/feedback/attribution.ts';
import { byPartition, type LogRecord } from './log-record.ts';

export interface LoggedJoin {
  readonly slates: Iterable<LogRecord<Slate>>;
  readonly actions: Iterable<LogRecord<UserAction>>;
  readonly rewards: Iterable<LogRecord<Reward>>;
}

export interface RewardTerms {
  readonly rules: AttributionRules;
  /** Time after its end at which the clock closes a slate, ms. */
  readonly idleMs: number;
  /** All slots of slates that closed before this time must have their reward, ms. */
  readonly settledUntil: number;
  /** Slates that were in the log before its topics were made anew. */
  readonly formerSlates?: ReadonlySet<string>;
  /** Of the topics. */
  readonly partitions?: number;
}

/** The slates and actions of a partition, as the join may use them. */
interface PartitionOfJoin {
  readonly slates: ReadonlyArray<{ readonly slate: Slate; readonly isLate: boolean }>;
  readonly actionsOf: ReadonlyMap<string, readonly TimedAction[]>;
  /** Users with a tombstone: what they earned depends on how the two topics interleave. */
  readonly erased: ReadonlySet<string>;
}

const NOTHING = 'nothing';

interface TimedAction extends UserAction {
  /** Newest event time of the partition up to and including this action, ms. */
  readonly streamTime: number;
}

/**
 * Returns a line for each slot whose reward is not what `services/feedback/attribution.ts` defines, and for each reward
 * that a reader loses or counts twice. The reader drops every reward whose sequence number does not exceed the last one.
 */
export function checkRewards(log: LoggedJoin, terms: RewardTerms): string[] {
  const { partitions } = terms;
  const slates = byPartition(log.slates, partitions);
  const actions = byPartition(log.actions, partitions);
  const rewards = byPartition(log.rewards, partitions);
  const faults: string[] = [];
  for (const partition of new Set([...slates.keys(), ...rewards.keys()])) {
    const join = joinOf(slates.get(partition) ?? [], actions.get(partition) ?? [], terms.rules);
    const read = readRewards(partition, rewards.get(partition) ?? []);
    faults.push(...read.faults, ...checkSlots(join, read.byId, terms));
  }
  return faults;
}

function joinOf(
  slates: ReadonlyArray<LogRecord<Slate>>,
  actions: ReadonlyArray<LogRecord<UserAction>>,
  rules: AttributionRules,
): PartitionOfJoin {
  const actionsOf = new Map<string, TimedAction[]>();
  const erased = new Set<string>();
  let streamTime = 0;
  for (const { key, value, timestamp } of actions) {
    if (value === null) erased.add(key);
    else if (actionFault({ value, key, timestamp }) === undefined) {
      streamTime = Math.max(streamTime, value.occurredAt);
      actionsOf.set(key, [...(actionsOf.get(key) ?? []), { ...value, streamTime }]);
    }
  }
  const known = new Map<string, { slate: Slate; isLate: boolean }>();
  let slatesUntil = 0;
  let newest = 0;
  for (const { key, value, timestamp } of slates) {
    if (value === null) erased.add(key);
    else if (slateFault({ value, key, timestamp }) === undefined) {
      const { servedAt, slateId } = value;
      newest = Math.max(newest, servedAt);
      if (known.has(slateId) || servedAt + rules.slateMemoryMs < newest) continue;
      const isLate = servedAt <= slatesUntil || timestamp - servedAt >= rules.slateDelayMs;
      slatesUntil = Math.max(slatesUntil, servedAt - rules.slateDelayMs);
      known.set(slateId, { slate: value, isLate });
    }
  }
  return { slates: [...known.values()], actionsOf, erased };
}

function readRewards(
  partition: number,
  log: ReadonlyArray<LogRecord<Reward>>,
): { byId: Map<string, Reward>; faults: string[] } {
  const byId = new Map<string, Reward>();
  const faults: string[] = [];
  let last = 0;
  for (const { offset, value } of log) {
    if (value === null || value.sequence <= last) continue;
    const { rewardId, sequence } = value;
    const where = `the reward ${rewardId} at ${partition}/${offset}`;
    if (sequence !== last + 1) faults.push(`${where} has the sequence number ${sequence} after ${last}`);
    if (byId.has(rewardId)) faults.push(`${where} is counted twice, as number ${sequence} too`);
    last = sequence;
    byId.set(rewardId, value);
  }
  return { byId, faults };
}

function checkSlots(
  { slates, actionsOf, erased }: PartitionOfJoin,
  rewards: ReadonlyMap<string, Reward>,
  { rules, idleMs, settledUntil, formerSlates = new Set() }: RewardTerms,
): string[] {
  const faults: string[] = [];
  const slots = new Set<string>();
  for (const { slate, isLate } of slates) {
    if (erased.has(slate.userId)) {
      for (const slot of slate.slots.keys()) slots.add(`${slate.slateId}/${slot}`);
      continue;
    }
    const closesAt = slate.servedAt + rules.windowMs;
    for (const slot of slate.slots.keys()) {
      const rewardId = `${slate.slateId}/${slot}`;
      slots.add(rewardId);
      const reward = rewards.get(rewardId);
      if (reward === undefined) {
        if (closesAt < settledUntil) faults.push(`the slot ${rewardId} has no reward`);
        continue;
      }
      faults.push(...copyFaults(slate, slot, reward));
      const at = { rules, isLate, mandatoryUntil: closesAt + idleMs };
      const right = earnings(slate, slot, actionsOf.get(slate.userId) ?? [], at);
      const earned = textOf(reward);
      if (!right.includes(earned))
        faults.push(`the slot ${rewardId} earned ${earned}, not ${right.join(' or ')}`);
    }
  }
  for (const [rewardId, { slateId }] of rewards)
    if (!slots.has(rewardId) && !formerSlates.has(slateId))
      faults.push(`the reward ${rewardId} is of no slot in the log`);
  return faults;
}

function copyFaults(slate: Slate, slot: number, reward: Reward): string[] {
  const shown = slate.slots[slot]!;
  const expected = {
    slateId: slate.slateId,
    userId: slate.userId,
    itemId: shown.itemId,
    slot,
    features: shown.features,
    featureNames: slate.featureNames,
    propensity: shown.propensity,
    servedAt: slate.servedAt,
  };
  return Object.entries(expected).flatMap(([field, wanted]) => {
    const held = JSON.stringify(reward[field as keyof Reward]);
    return held === JSON.stringify(wanted)
      ? []
      : [`the reward ${reward.rewardId} has the ${field} ${held}, not ${JSON.stringify(wanted)}`];
  });
}

/**
 * Returns what the slot may have earned. An action that the gateway received after the clock may have closed the slate
 * counts or does not, and a slate that arrived late may have missed any of its actions; all others count.
 */
function earnings(
  { servedAt, slots }: Slate,
  slot: number,
  actions: readonly TimedAction[],
  { rules, isLate, mandatoryUntil }: { rules: AttributionRules; isLate: boolean; mandatoryUntil: number },
): string[] {
  const { itemId } = slots[slot]!;
  const closesAt = servedAt + rules.windowMs;
  let best = { reward: 0, text: NOTHING };
  let accepted = new Set([NOTHING]);
  for (const action of actions) {
    const { type, occurredAt, receivedAt, streamTime } = action;
    const reward = rules.weights[type];
    const counts =
      action.itemId === itemId &&
      reward !== 0 &&
      receivedAt + rules.receiptToleranceMs > servedAt &&
      occurredAt >= servedAt - rules.clockToleranceMs &&
      occurredAt <= closesAt &&
      streamTime <= closesAt;
    if (!counts) continue;
    const text = `${reward} by ${type} after ${Math.max(0, occurredAt - servedAt)}`;
    if (best.text === NOTHING || reward > best.reward) best = { reward, text };
    if (isLate) accepted.add(text);
    else if (receivedAt <= mandatoryUntil) accepted = new Set([best.text]);
    else accepted.add(best.text);
  }
  return [...accepted];
}

function textOf({ reward, actionType, delay }: Reward): string {
  return actionType === null ? NOTHING : `${reward} by ${actionType} after ${delay}`;
}
