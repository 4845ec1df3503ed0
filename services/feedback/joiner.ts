import { believableTime } from '#contracts/domain/times.ts';
import type { Slate, UserAction } from '#contracts/generated/records.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import {
  type AttributionRules,
  eraseUser,
  type Join,
  joinAction,
  joinSlate,
  type Settled,
  type Settlement,
  settle,
  timesAfter,
  type UserJoin,
} from './attribution.ts';
import { createSerial } from './serial.ts';
import type { JoinStore, PartitionHead, QueuedReward, ShownSlate } from './store.ts';

/** End offsets of a partition's topics, and the time of the request for them. */
export interface Ends {
  /** Offsets of the next slate and the next action; 0 if the topic has no messages left. */
  readonly slates: number;
  readonly actions: number;
  /** Milliseconds since the epoch, taken before the request. */
  readonly askedAt: number;
}

export interface Joiner {
  /** @param lastOffset the offset up to which the topic was read, if that is beyond the last message */
  applySlates(
    partition: number,
    messages: ReadonlyArray<IncomingMessage<Slate>>,
    lastOffset?: number,
  ): Promise<void>;
  applyActions(
    partition: number,
    messages: ReadonlyArray<IncomingMessage<UserAction>>,
    lastOffset?: number,
  ): Promise<void>;
  /** Advances time by the clock on a partition without messages, and sends rewards that a crash left unsent. */
  tick(partition: number, ends: Ends): Promise<void>;
}

export interface JoinerOptions {
  readonly store: JoinStore;
  readonly rules: AttributionRules;
  /** Time after its end at which the clock closes a slate, in milliseconds. */
  readonly idleMs: number;
  /** Resolves when the log has the rewards, in this order. If it rejects, the log has all of them or none. */
  readonly produce: (queued: readonly QueuedReward[]) => Promise<unknown>;
  readonly countLate: () => void;
  /** Called with a number of slots that get no reward, because what their slate showed is no longer stored. */
  readonly countLost: (slots: number) => void;
  /** Milliseconds since the epoch. Only stored times that no log can lead to are compared with it. */
  readonly now: () => number;
  /**
   * Called once for a partition without state: returns a sequence number that no reward in the log exceeds. Numbering
   * continues from there, so that readers do not mistake new rewards for duplicates after the state was deleted.
   */
  readonly lastSequence: (partition: number) => Promise<number>;
}

interface Step {
  readonly slates: ReadonlyArray<IncomingMessage<Slate>>;
  readonly actions: ReadonlyArray<IncomingMessage<UserAction>>;
  /** Offsets up to which the topics were read. */
  readonly slatesOffset?: number;
  readonly actionsOffset?: number;
  readonly ends?: Ends;
  /** Whether what is missing in the store is lost for good, and not only removed by another process meanwhile. */
  readonly isLast?: boolean;
}

/** A lost race means that the partition moved to or from another process; a few attempts settle it. */
const MAX_ATTEMPTS = 10;
/**
 * Small enough for one request. The next chunk is sent after its acknowledgement, so that sequence numbers are in the
 * log without gaps, and a reader may drop every reward that does not exceed the last one it used.
 */
const OUTBOX_CHUNK = 200;
/** Below every offset. */
const NOTHING_READ = -1;

/**
 * Turns slates and actions into rewards, each exactly once. A step reads the state, applies pure functions, commits
 * state, offsets and new rewards at once, and then sends the rewards. The commit fails if another process committed
 * since the read, so no message is ever applied to a state that already includes it.
 */
export function createJoiner(options: JoinerOptions): Joiner {
  const { store, produce } = options;
  const inTurn = createSerial();

  async function run(partition: number, step: Step): Promise<void> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const head = believableHead(await store.readHead(partition), options.now());
      const isLast = attempt === MAX_ATTEMPTS;
      if (await advance(partition, head, { ...step, isLast }, options)) return sendOutbox(partition);
    }
    throw new Error(`partition ${partition} changed during each of ${MAX_ATTEMPTS} attempts to advance it`);
  }

  async function sendOutbox(partition: number): Promise<void> {
    for (;;) {
      const queued = await store.readOutbox(partition, OUTBOX_CHUNK);
      const last = queued.at(-1);
      if (last === undefined) return;
      await produce(queued);
      await store.trimOutbox(partition, last.reward.sequence);
    }
  }

  return {
    applySlates: (partition, slates, slatesOffset = lastOffsetOf(slates)) =>
      inTurn(partition, () => run(partition, { slates, actions: [], slatesOffset })),
    applyActions: (partition, actions, actionsOffset = lastOffsetOf(actions)) =>
      inTurn(partition, () => run(partition, { slates: [], actions, actionsOffset })),
    tick: (partition, ends) => inTurn(partition, () => run(partition, { slates: [], actions: [], ends })),
  };
}

/** Before the timestamps of messages were bounded, one message could move these times thousands of years ahead. */
function believableHead(head: PartitionHead, now: number): PartitionHead {
  const streamTime = believableTime(head.streamTime, now);
  return { ...head, streamTime, slatesUntil: believableTime(head.slatesUntil, now) };
}

/** @returns whether the step was committed */
async function advance(
  partition: number,
  head: PartitionHead,
  step: Step,
  options: JoinerOptions,
): Promise<boolean> {
  const { store, rules } = options;
  const slates = step.slates.filter(({ offset }) => offset > head.slatesOffset);
  const actions = step.actions.filter(({ offset }) => offset > head.actionsOffset);
  const slatesOffset = Math.max(head.slatesOffset, step.slatesOffset ?? NOTHING_READ);
  const actionsOffset = Math.max(head.actionsOffset, step.actionsOffset ?? NOTHING_READ);
  const overdueAt = overdue(head, step.ends, options.idleMs);
  const slatesUntil = Math.max(head.slatesUntil, watermark(head, step.ends, rules.slateDelayMs));
  const after = timesAfter(
    { streamTime: head.streamTime, slatesUntil },
    { slates: valuesOf(slates), actions: valuesOf(actions) },
    rules,
  );
  const users = await store.readUsers(partition, [...slates, ...actions].map(userOf), {
    closesBefore: Math.max(after.streamTime, overdueAt),
    forgottenUntil: after.slatesUntil,
  });
  const join: Join = { times: { streamTime: head.streamTime, slatesUntil }, users, changed: new Set() };
  const shown = newSlates(slates, users).map(({ value, trace }) => shownSlate(value, trace));
  const erased = applyStep(join, { slates, actions }, options);
  const settlement = settle(join, rules, overdueAt);
  const isUnchanged =
    slatesOffset === head.slatesOffset &&
    actionsOffset === head.actionsOffset &&
    join.changed.size === 0 &&
    slatesUntil === head.slatesUntil;
  if (isUnchanged) return true;

  const sequence = head.version === 0 ? await options.lastSequence(partition) : head.sequence;
  const rewards = await buildRewards(partition, settlement, {
    shown,
    sequence,
    store,
    isLast: step.isLast ?? false,
  });
  // Another process has closed the slate since the head was read, so the commit will fail.
  if (rewards === undefined) return false;
  const closed = new Set([...settlement.closed, ...erased]);
  const lost = settlement.settled.length - rewards.length;
  const isCommitted = await store.commit(partition, {
    head: {
      version: head.version + 1,
      slatesOffset,
      actionsOffset,
      sequence: sequence + rewards.length,
      ...join.times,
    },
    users: new Map([...users].filter(([userId]) => join.changed.has(userId))),
    shown: shown.filter(({ slateId }) => !closed.has(slateId)),
    closed: [...closed],
    rewards,
  });
  if (isCommitted && lost > 0) options.countLost(lost);
  return isCommitted;
}

/** The slates that do not wait already: of several with one id the first counts, and the others change nothing. */
function newSlates(
  slates: Step['slates'],
  users: ReadonlyMap<string, UserJoin>,
): Array<IncomingMessage<Slate> & { readonly value: Slate }> {
  const seen = new Set<string>();
  for (const { pending } of users.values()) for (const { slateId } of pending) seen.add(slateId);
  return slates.filter((message): message is IncomingMessage<Slate> & { readonly value: Slate } => {
    if (message.value === null || seen.has(message.value.slateId)) return false;
    seen.add(message.value.slateId);
    return true;
  });
}

/** @returns ids of the slates that no longer wait because their user was erased */
function applyStep(join: Join, { slates, actions }: Step, { rules, countLate }: JoinerOptions): string[] {
  const erased: string[] = [];
  for (const { key, value } of slates) {
    if (value === null) erased.push(...eraseUser(join, key));
    else if (joinSlate(join, value, rules)) countLate();
  }
  for (const { key, value } of actions) {
    if (value === null) erased.push(...eraseUser(join, key));
    else joinAction(join, value, rules);
  }
  return erased;
}

/** Slates are in the log at most a delay after they were served, so reading to the end offset reads all until then. */
function watermark(head: PartitionHead, ends: Ends | undefined, slateDelayMs: number): number {
  return ends === undefined || head.slatesOffset + 1 < ends.slates ? 0 : ends.askedAt - slateDelayMs;
}

/** The clock closes slates only if all actions are read: a stage that lags must not lose any. */
function overdue(head: PartitionHead, ends: Ends | undefined, idleMs: number): number {
  return ends === undefined || head.actionsOffset + 1 < ends.actions ? 0 : ends.askedAt - idleMs;
}

/** @returns undefined if a slate is no longer stored, which may be the work of another process; the last attempt leaves it out */
async function buildRewards(
  partition: number,
  { settled }: Settlement,
  from: { shown: readonly ShownSlate[]; sequence: number; store: JoinStore; isLast: boolean },
): Promise<QueuedReward[] | undefined> {
  const known = new Map(from.shown.map((slate) => [slate.slateId, slate]));
  const missing = new Set(settled.map(({ slateId }) => slateId).filter((slateId) => !known.has(slateId)));
  for (const [slateId, slate] of await from.store.readShown(partition, [...missing]))
    known.set(slateId, slate);
  const rewards: QueuedReward[] = [];
  for (const one of settled) {
    const slate = known.get(one.slateId);
    if (slate === undefined && !from.isLast) return undefined;
    const reward = slate && queuedReward(one, slate, from.sequence + rewards.length + 1);
    if (reward !== undefined) rewards.push(reward);
  }
  return rewards;
}

/** @returns undefined if a slate of another user with the same id has replaced what was shown, so that the slot is unknown */
function queuedReward(
  { slateId, slot, earned }: Settled,
  slate: ShownSlate,
  sequence: number,
): QueuedReward | undefined {
  const shown = slate.slots[slot];
  if (shown === undefined) return undefined;
  const { itemId, features, propensity } = shown;
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

function shownSlate(slate: Slate, trace: string | undefined): ShownSlate {
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

function lastOffsetOf(messages: ReadonlyArray<IncomingMessage<unknown>>): number {
  return messages.at(-1)?.offset ?? NOTHING_READ;
}

function valuesOf<V>(messages: ReadonlyArray<IncomingMessage<V>>): V[] {
  return messages.flatMap(({ value }) => (value === null ? [] : [value]));
}

function userOf({ key, value }: IncomingMessage<Slate | UserAction>): string {
  return value?.userId ?? key;
}
