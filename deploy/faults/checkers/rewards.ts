import { actionFault } from '#contracts/domain/action-validity.ts';
import { slateFault } from '#contracts/domain/record-validity.ts';
import { EXPOSURES, type Reward, type Slate, type UserAction } from '#contracts/generated/records.ts';
import { type AttributionRules, boundsOf, isJoined } from '../../../services/feedback/attribution.ts';
import { exposures } from '../../../services/feedback/exposures.ts';
import { type Acts, outcomeOf } from '../../../services/feedback/objectives.ts';
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
  /** In the order of the log. */
  readonly slates: readonly JoinedSlate[];
  readonly actionsOf: ReadonlyMap<string, readonly TimedAction[]>;
  /** Users with a tombstone: what they earned depends on how the two topics interleave. */
  readonly erased: ReadonlySet<string>;
}

interface JoinedSlate {
  readonly slate: Slate;
  readonly isLate: boolean;
}

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
  join: PartitionOfJoin,
  rewards: ReadonlyMap<string, Reward>,
  terms: RewardTerms,
): string[] {
  const { settledUntil, formerSlates = new Set() } = terms;
  const faults: string[] = [];
  const slots = new Set<string>();
  const paid = payAll(join, terms);
  for (const { slate } of join.slates) {
    const right = rightRewards(slate, paid.get(slate) ?? [], terms.rules);
    for (const slot of slate.slots.keys()) {
      const rewardId = `${slate.slateId}/${slot}`;
      slots.add(rewardId);
      if (join.erased.has(slate.userId)) continue;
      const reward = rewards.get(rewardId);
      if (reward === undefined) {
        if (slate.servedAt + terms.rules.windowMs < settledUntil)
          faults.push(`the slot ${rewardId} has no reward`);
        continue;
      }
      faults.push(...copyFaults(slate, slot, reward));
      const earned = textOf(reward);
      if (!right[slot]!.has(earned))
        faults.push(`the slot ${rewardId} earned ${earned}, not ${[...right[slot]!].join(' or ')}`);
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
    features: [...shown.features, ...slate.context],
    featureNames: [...slate.featureNames, ...slate.contextNames],
    propensity: shown.propensity,
    servedAt: slate.servedAt,
    slots: slate.slots.length,
  };
  return Object.entries(expected).flatMap(([field, wanted]) => {
    const held = JSON.stringify(reward[field as keyof Reward]);
    return held === JSON.stringify(wanted)
      ? []
      : [`the reward ${reward.rewardId} has the ${field} ${held}, not ${JSON.stringify(wanted)}`];
  });
}

/** An action that pays a slot of a slate, or may have paid it. */
interface Payment {
  readonly slot: number;
  readonly action: TimedAction;
  readonly isCertain: boolean;
}

/**
 * Returns what pays each slate. An action that the gateway received after the clock may have closed its slate may pay that slate,
 * an earlier one, or none; so may an action for which a slate counts that arrived late. All others pay as defined.
 */
function payAll(
  { slates, actionsOf }: PartitionOfJoin,
  { rules, idleMs }: RewardTerms,
): Map<Slate, Payment[]> {
  const paid = new Map<Slate, Payment[]>();
  const pay = (slate: Slate, action: TimedAction, isCertain: boolean): void => {
    const { slots, slateId } = slate;
    const isNamed = slateId === action.slateId && slots[action.slot ?? -1]?.itemId === action.itemId;
    const slot = isNamed ? action.slot! : slots.findIndex(({ itemId }) => itemId === action.itemId);
    paid.set(slate, [...(paid.get(slate) ?? []), { slot, action, isCertain }]);
  };
  const ofUser = Map.groupBy(slates, ({ slate }) => slate.userId);
  for (const [userId, actions] of actionsOf)
    for (const action of actions) {
      if (!isJoined(action.type, rules)) continue;
      const eligible = (ofUser.get(userId) ?? []).filter(({ slate }) => isEligible(slate, action, rules));
      const payee = payeeOf(eligible, action);
      if (payee === undefined) continue;
      const isCertain =
        eligible.every(({ isLate }) => !isLate) &&
        action.receivedAt <= payee.servedAt + rules.windowMs + idleMs;
      if (isCertain) pay(payee, action, true);
      else for (const { slate } of eligible) pay(slate, action, false);
    }
  return paid;
}

function isEligible(slate: Slate, action: TimedAction, rules: AttributionRules): boolean {
  const { servedUntil, until } = boundsOf(action, rules);
  const closesAt = slate.servedAt + rules.windowMs;
  return (
    slate.servedAt <= (slate.slateId === action.slateId ? until : servedUntil) &&
    action.occurredAt <= closesAt &&
    action.streamTime <= closesAt &&
    slate.slots.some(({ itemId }) => itemId === action.itemId)
  );
}

/** The slate that the action names, else the latest, and of equal ones the last in the log. */
function payeeOf(eligible: readonly JoinedSlate[], { slateId }: TimedAction): Slate | undefined {
  const named = eligible.find(({ slate }) => slate.slateId === slateId);
  if (named !== undefined) return named.slate;
  return eligible
    .map(({ slate }) => slate)
    .reduce<Slate | undefined>(
      (latest, slate) => (latest === undefined || slate.servedAt >= latest.servedAt ? slate : latest),
      undefined,
    );
}

/** Returns the texts of the rewards that each slot may have. */
function rightRewards(slate: Slate, payments: readonly Payment[], rules: AttributionRules): Set<string>[] {
  const slots = slate.slots.map((): Acts => ({}));
  for (const payment of payments)
    if (payment.isCertain) slots[payment.slot] = withAct(slots[payment.slot]!, payment, slate);
  const uncertain = payments.filter(({ isCertain }) => !isCertain);
  const certain = exposures(slots, rules);
  return slots.map((acts, slot) => {
    // What else was paid may change what is known of the whole slate.
    const seen = uncertain.length === 0 ? [certain[slot]!] : EXPOSURES;
    const extra = uncertain.filter((payment) => payment.slot === slot);
    const possible = [acts, ...extra.map((payment) => withAct(acts, payment, slate))];
    return new Set(
      possible.flatMap((some) => {
        const { reward, earned } = outcomeOf(some, rules.objectives);
        const { actionType = null, delay = null } = earned ?? {};
        return seen.map((exposure) => textOf({ reward, actionType, delay, exposure }));
      }),
    );
  });
}

function withAct(acts: Acts, { action: { type, occurredAt } }: Payment, { servedAt }: Slate): Acts {
  const delay = Math.max(0, occurredAt - servedAt);
  return { ...acts, [type]: Math.min(acts[type] ?? delay, delay) };
}

function textOf({
  reward,
  actionType,
  delay,
  exposure,
}: Pick<Reward, 'reward' | 'actionType' | 'delay' | 'exposure'>): string {
  const earned = actionType === null ? 'nothing' : `${reward} by ${actionType} after ${delay}`;
  return `${earned}, ${exposure}`;
}
