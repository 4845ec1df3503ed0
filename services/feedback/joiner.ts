import { believableTime } from '#contracts/domain/times.ts';
import type { Slate, UserAction } from '#contracts/generated/records.ts';
import { requireContinuity, StateContended, StateLost } from '#platform/kafka/held-state.ts';
import type { IncomingMessage } from '#platform/kafka/messages.ts';
import {
  type ActionOutcome,
  type AttributionRules,
  dueBefore,
  emptyJoin,
  eraseUser,
  type Join,
  joinAction,
  joinSlate,
  pay,
  settle,
  timesAfter,
} from './attribution.ts';
import { buildRewards, shownSlate } from './build-rewards.ts';
import { changeOf, isEmptyChange, requestOf } from './join-change.ts';
import { newSlates } from './new-slates.ts';
import { createSerial } from './serial.ts';
import type { JoinStore, PartitionHead, QueuedReward } from './store.ts';

/** End offsets of a partition's topics, and the time of the request for them. */
export interface Ends {
  /** Offsets of the next slate and the next action; 0 if the topic has no messages left. */
  readonly slates: number;
  readonly actions: number;
  /** Milliseconds since the epoch, taken before the request. */
  readonly askedAt: number;
}

export interface Joiner {
  /**
   * @param lastOffset the offset up to which the topic was read, if that is beyond the last message
   * @param readFrom the offset from which it was read
   * @throws StateLost if the state lacks messages before `readFrom`, or another process advances it again and again
   */
  applySlates(
    partition: number,
    messages: ReadonlyArray<IncomingMessage<Slate>>,
    lastOffset?: number,
    readFrom?: number,
  ): Promise<void>;
  applyActions(
    partition: number,
    messages: ReadonlyArray<IncomingMessage<UserAction>>,
    lastOffset?: number,
    readFrom?: number,
  ): Promise<void>;
  /** Advances time by the clock on a partition without messages, and sends rewards that a crash left unsent. */
  tick(partition: number, ends: Ends): Promise<void>;
  /** Runs work on the state of a partition while no step of it is under way, so that no reward is on its way either. */
  exclusively(partition: number, work: () => Promise<void>): Promise<void>;
  /** Forgets the heads in memory. */
  forget(): void;
}

/** Bounds of one step. What exceeds them is left to further steps, each committed with its own offsets. */
export interface StepBounds {
  readonly messages: number;
  readonly rewards: number;
}

export interface JoinerOptions {
  readonly store: JoinStore;
  readonly rules: AttributionRules;
  /** Time after its end at which the clock closes a slate, and after which all slates of a time are in the log, in milliseconds. */
  readonly idleMs: number;
  /** Resolves when the log has the rewards, in this order. If it rejects, the log has all of them or none. */
  readonly produce: (queued: readonly QueuedReward[]) => Promise<unknown>;
  readonly countLate: () => void;
  /** Called with a number of slates that are not joined, because one with their id was joined or may have been. */
  readonly countRepeated: (slates: number) => void;
  /** Called with a number of actions that have paid, or that no slate holds, by outcome; default: nobody counts. */
  readonly countPaid?: (outcome: ActionOutcome, actions: number) => void;
  /** Milliseconds since the epoch. Only stored times that no log can lead to are compared with it. */
  readonly now: () => number;
  /**
   * Called once for a partition without state: returns a sequence number that no reward in the log exceeds. Numbering
   * continues from there, so that readers do not mistake new rewards for duplicates after the state was deleted.
   */
  readonly lastSequence: (partition: number) => Promise<number>;
  /** For tests of small steps. */
  readonly bounds?: StepBounds;
}

interface Step {
  readonly slates: ReadonlyArray<IncomingMessage<Slate>>;
  readonly actions: ReadonlyArray<IncomingMessage<UserAction>>;
  /** Offsets up to which the topics were read. */
  readonly slatesOffset?: number;
  readonly actionsOffset?: number;
  /** Offsets that the state must include all messages before. */
  readonly slatesFrom?: number | undefined;
  readonly actionsFrom?: number | undefined;
  readonly ends?: Ends;
}

/** What a step led to; undefined if another process changed the partition meanwhile. */
interface Outcome {
  readonly head: PartitionHead;
  readonly rewards: readonly QueuedReward[];
  /** What the step left for another one. */
  readonly rest: Step | undefined;
}

/**
 * A lost race means that the partition moved to or from another process. It may win many in a row, because a process that knows
 * the head commits a step sooner than one that has to read it.
 */
const MAX_ATTEMPTS = 10;
/**
 * Small enough for one request. The next chunk is sent after its acknowledgement, so that sequence numbers are in the
 * log without gaps, and a reader may drop every reward that does not exceed the last one it used.
 */
const OUTBOX_CHUNK = 200;
/** So that the request of a commit stays far below what client and server take: about 40,000 parameters. */
const STEP_BOUNDS: StepBounds = { messages: 500, rewards: 2_000 };
/** Below every offset. */
const NOTHING_READ = -1;

/**
 * Turns slates and actions into rewards, each exactly once. A step reads the state, applies pure functions, commits
 * state, offsets and new rewards at once, and then sends the rewards. A batch takes as many steps as its size requires.
 * The commit fails if another process committed since the read, so no message is ever applied to a state that already
 * includes it.
 */
export function createJoiner(options: JoinerOptions): Joiner {
  const { store, produce } = options;
  const inTurn = createSerial();
  /** The heads that this process committed last. A commit on one of them fails if the state has another one. */
  const heads = new Map<number, PartitionHead>();

  async function run(partition: number, batch: Step): Promise<void> {
    try {
      for (const part of partsOf(batch, options.bounds ?? STEP_BOUNDS)) {
        for (let step: Step | undefined = part; step !== undefined; ) step = await take(partition, step);
      }
    } catch (error) {
      heads.delete(partition);
      throw error;
    }
  }

  /** @returns what the step left for another one */
  async function take(partition: number, step: Step): Promise<Step | undefined> {
    const { rewards, rest, isContinued } = await commit(partition, step);
    // Rewards that a crash or another process left unsent come before those of this step.
    if (isContinued && step.ends === undefined) await send(partition, rewards);
    else await sendOutbox(partition);
    return rest;
  }

  /** @returns also whether the step continues the last one of this process, which has left nothing in the outbox */
  async function commit(partition: number, step: Step): Promise<Outcome & { readonly isContinued: boolean }> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const known = heads.get(partition);
      const head = known ?? believableHead(await store.readHead(partition), options.now());
      const { slatesOffset, actionsOffset, incarnation } = head;
      requireContinuity({ offset: slatesOffset, incarnation }, { readFrom: step.slatesFrom });
      requireContinuity({ offset: actionsOffset, incarnation }, { readFrom: step.actionsFrom });
      const outcome = await advance(partition, head, step, options);
      if (outcome === undefined) {
        heads.delete(partition);
        continue;
      }
      heads.set(partition, outcome.head);
      return { ...outcome, isContinued: known !== undefined };
    }
    throw new StateContended(partition, MAX_ATTEMPTS);
  }

  async function send(partition: number, rewards: readonly QueuedReward[]): Promise<void> {
    for (let start = 0; start < rewards.length; start += OUTBOX_CHUNK) {
      const queued = rewards.slice(start, start + OUTBOX_CHUNK);
      await produce(queued);
      await store.trimOutbox(partition, queued.at(-1)!.reward.sequence);
    }
  }

  async function sendOutbox(partition: number): Promise<void> {
    for (;;) {
      const queued = await store.readOutbox(partition, OUTBOX_CHUNK);
      if (queued.length === 0) return;
      await send(partition, queued);
    }
  }

  return {
    applySlates: (partition, slates, slatesOffset = lastOffsetOf(slates), slatesFrom) =>
      inTurn(partition, () => run(partition, { slates, actions: [], slatesOffset, slatesFrom })),
    applyActions: (partition, actions, actionsOffset = lastOffsetOf(actions), actionsFrom) =>
      inTurn(partition, () => run(partition, { slates: [], actions, actionsOffset, actionsFrom })),
    tick: (partition, ends) =>
      inTurn(partition, () => run(partition, { slates: [], actions: [], ends }).catch(ignoreLoss)),
    exclusively: (partition, work) =>
      inTurn(partition, async () => {
        heads.delete(partition);
        await work();
      }),
    forget: () => heads.clear(),
  };
}

/** The consumer finds the loss too, and reads again what is missing. A process that advances the state meanwhile keeps time too. */
function ignoreLoss(error: unknown): void {
  if (!(error instanceof StateLost)) throw error;
}

/** Before the timestamps of messages were bounded, one message could move these times thousands of years ahead. */
function believableHead(head: PartitionHead, now: number): PartitionHead {
  const streamTime = believableTime(head.streamTime, now);
  return {
    ...head,
    streamTime,
    slatesUntil: believableTime(head.slatesUntil, now),
    newestServedAt: believableTime(head.newestServedAt, now),
  };
}

/**
 * Parts of a batch, which has messages of one topic. Each names the offset up to which the topic was read with the part, and
 * requires the state to include the parts before it.
 */
function partsOf(batch: Step, { messages }: StepBounds): Step[] {
  const parts: Step[] = [];
  let { slatesFrom, actionsFrom } = batch;
  for (let start = 0; start < batch.slates.length; start += messages) {
    const slates = batch.slates.slice(start, start + messages);
    const slatesOffset = lastOffsetOf(slates);
    parts.push({ slates, actions: [], slatesOffset, slatesFrom });
    slatesFrom = slatesOffset + 1;
  }
  for (let start = 0; start < batch.actions.length; start += messages) {
    const actions = batch.actions.slice(start, start + messages);
    const actionsOffset = lastOffsetOf(actions);
    parts.push({ slates: [], actions, actionsOffset, actionsFrom });
    actionsFrom = actionsOffset + 1;
  }
  const last: Partial<Step> = parts.pop() ?? {};
  return [
    ...parts,
    {
      ...batch,
      slates: last.slates ?? [],
      actions: last.actions ?? [],
      slatesFrom: last.slatesFrom ?? batch.slatesFrom,
      actionsFrom: last.actionsFrom ?? batch.actionsFrom,
    },
  ];
}

async function advance(
  partition: number,
  head: PartitionHead,
  step: Step,
  options: JoinerOptions,
): Promise<Outcome | undefined> {
  const { store, rules, bounds = STEP_BOUNDS } = options;
  const slates = step.slates.filter(({ offset }) => offset > head.slatesOffset);
  const actions = step.actions.filter(({ offset }) => offset > head.actionsOffset);
  const slatesOffset = Math.max(head.slatesOffset, step.slatesOffset ?? NOTHING_READ);
  const actionsOffset = Math.max(head.actionsOffset, step.actionsOffset ?? NOTHING_READ);
  const overdueAt = overdue(head, step.ends, options.idleMs);
  const slatesUntil = Math.max(head.slatesUntil, watermark(head, step.ends, options));
  const after = timesAfter(
    { streamTime: head.streamTime, slatesUntil },
    { slates: valuesOf(slates), actions: valuesOf(actions) },
    rules,
  );
  const request = requestOf({ slates, actions }, rules, {
    payUntil: after.slatesUntil,
    closesBefore: dueBefore(after, overdueAt, rules),
  });
  const found = await store.read(partition, request);
  const join = emptyJoin({ streamTime: head.streamTime, slatesUntil }, found.users);
  const { fresh, repeated, newestServedAt } = newSlates(slates, found.joined, head.newestServedAt, rules);
  const isFresh = new Set<IncomingMessage<Slate>>(fresh);
  const joining = slates.filter((message) => message.value === null || isFresh.has(message));
  applyStep(join, { slates: joining, actions }, options);
  const paid = pay(join);
  // As long as more actions are due to pay, no slate is final.
  const isPaidUp = found.paysUntil >= join.times.slatesUntil;
  const settlement = isPaidUp
    ? settle(join, rules, { overdueAt, maxSlots: bounds.rewards })
    : { settled: [], isUnfinished: true };

  const shown = new Map(found.shown);
  for (const { offset, value, trace } of fresh) shown.set(offset, shownSlate(value, trace));
  const change = changeOf(join, settlement, shown);
  const isUnchanged =
    slatesOffset === head.slatesOffset &&
    actionsOffset === head.actionsOffset &&
    slatesUntil === head.slatesUntil &&
    isEmptyChange(change);
  if (isUnchanged) return { head, rewards: [], rest: undefined };

  const sequence = head.version === 0 ? await options.lastSequence(partition) : head.sequence;
  const rewards = buildRewards(settlement.settled, shown, sequence);
  const next = {
    version: head.version + 1,
    slatesOffset,
    actionsOffset,
    sequence: sequence + rewards.length,
    newestServedAt,
    incarnation: head.incarnation,
    ...join.times,
  };
  const joined = new Map(fresh.map(({ value }) => [value.slateId, value.servedAt + rules.slateMemoryMs]));
  const committed = await store.commit(partition, { ...change, head: next, joined, rewards });
  if (committed === undefined) return undefined;
  if (repeated > 0) options.countRepeated(repeated);
  for (const [outcome, count] of paid) options.countPaid?.(outcome, count);
  const isFinished = !settlement.isUnfinished && !(found.mayHoldMore && settlement.settled.length > 0);
  return { ...committed, rest: isFinished ? undefined : restOf(step) };
}

/** What a step left for another one, which requires the state to include the messages of the first. */
function restOf(step: Step): Step {
  return {
    ...step,
    slates: [],
    actions: [],
    slatesFrom: step.slatesFrom === undefined ? undefined : (step.slatesOffset ?? NOTHING_READ) + 1,
    actionsFrom: step.actionsFrom === undefined ? undefined : (step.actionsOffset ?? NOTHING_READ) + 1,
  };
}

function applyStep(join: Join, { slates, actions }: Step, { rules, countLate }: JoinerOptions): void {
  for (const { key, offset, value } of slates) {
    if (value === null) eraseUser(join, key);
    else if (joinSlate(join, value, offset, rules)) countLate();
  }
  for (const { key, offset, value } of actions) {
    if (value === null) eraseUser(join, key);
    else joinAction(join, value, offset, rules);
  }
}

/** Slates are in the log at most a delay after they were served, so reading to the end offset reads all until then. */
function watermark(
  head: PartitionHead,
  ends: Ends | undefined,
  { rules: { slateDelayMs }, idleMs }: Pick<JoinerOptions, 'rules' | 'idleMs'>,
): number {
  if (ends === undefined || head.slatesOffset + 1 < ends.slates) return 0;
  return ends.askedAt - Math.max(slateDelayMs, idleMs);
}

/** The clock closes slates only if all actions are read: a stage that lags must not lose any. */
function overdue(head: PartitionHead, ends: Ends | undefined, idleMs: number): number {
  return ends === undefined || head.actionsOffset + 1 < ends.actions ? 0 : ends.askedAt - idleMs;
}

function lastOffsetOf(messages: ReadonlyArray<IncomingMessage<unknown>>): number {
  return messages.at(-1)?.offset ?? NOTHING_READ;
}

function valuesOf<V>(messages: ReadonlyArray<IncomingMessage<V>>): V[] {
  return messages.flatMap(({ value }) => (value === null ? [] : [value]));
}
