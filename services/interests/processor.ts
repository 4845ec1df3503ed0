import { BinaryFormatError } from '#algorithms/binary.ts';
import { isImpression } from '#contracts/domain/action-types.ts';
import { actionFault } from '#contracts/domain/action-validity.ts';
import { believableTime } from '#contracts/domain/times.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { TogetherHandler } from '#platform/kafka/batches-together.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { requireContinuity, StateLost } from '#platform/kafka/held-state.ts';
import { CachedRecords } from './cached-records.ts';
import { RING_SHARE } from './clusters.ts';
import type { InterestsConfig } from './config.ts';
import { type Party, rendezvous } from './rendezvous.ts';
import { allEnded, mapInSlices, slicesOf } from './slices.ts';
import type { HeadStep, InterestsHead, InterestsStore, UserRecord } from './store.ts';
import { type ChangedUser, withWholeWindow } from './user-change.ts';
import { createUserUpdates, type UserUpdatePorts, type UserWork } from './user-updates.ts';

/** Users who are read, published and written together; their records are in memory at once. */
const USERS_PER_STEP = 256;
/** Users per refresh step. Small, because live actions wait while a step runs, and a long window takes milliseconds. */
const USERS_PER_REFRESH_STEP = 4;
/** Cost of reading an unchanged user, relative to re-clustering one. Counted in the pacing. */
const READ_COST = 0.02;
const MIB = 1_048_576;

export interface ProcessorPorts extends UserUpdatePorts {
  readonly store: InterestsStore;
  /** Resolves when the encoded interests of the user are in the topic `interests`. */
  readonly publish: (userId: string, encoded: Buffer, trace: string | undefined) => Promise<void>;
  /** Called with the number of users of a batch who were cached (`hot`), and of those who were read from the store. */
  readonly countUsers: (outcome: 'hot' | 'read', users: number) => void;
}

/** What a batch continues from. */
interface Held {
  readonly partition: number;
  readonly users: CachedRecords;
}

/**
 * Resolves when so many users may have been re-clustered; an unchanged user counts as `READ_COST` of one.
 * @param examined the number of users of the step, unchanged ones included
 */
export type Pace = (users: number, examined: number) => Promise<void>;

export interface Processor {
  handle(batch: IncomingBatch<UserAction>): Promise<void>;
  /** Handles batches of several partitions: each for itself, with the reads, outputs and writes of all of them together. */
  readonly together: TogetherHandler<UserAction>['together'];
  /** Estimated bytes of the cached users. */
  cachedBytes(): number;
  /** Forgets heads and cached users after an assignment: other processes may have written newer ones. */
  forgetPartitions(): void;
  /**
   * Re-clusters the windows of a partition that were clustered in a different generation than the served one, or with items
   * whose vector was unknown.
   * @param pace called after each step; the next step begins when it resolves
   * @returns the number of users that changed
   */
  refresh(partition: number, signal: AbortSignal, pace: Pace): Promise<number>;
}

/**
 * Turns actions into windows and interests. Outputs are acknowledged before state is written, and state before the
 * commit: after a crash the interrupted work is repeated from the log, and the fence keeps finished work from counting
 * twice. The results depend neither on the clock nor on where a batch ends.
 */
export function createProcessor(ports: ProcessorPorts): Processor {
  const { config, store, servedSpace, publish, now } = ports;
  const updates = createUserUpdates(ports);
  let owned = ownNothing(config);

  async function handle(batch: IncomingBatch<UserAction>, meeting = rendezvous(1)[0]!): Promise<void> {
    try {
      await handleMeeting(batch, meeting);
    } finally {
      meeting.leave();
    }
  }

  /** @param meeting with the batches that are handled together, which publish at once after all their users are read */
  async function handleMeeting(batch: IncomingBatch<UserAction>, meeting: Party): Promise<void> {
    const { partition } = batch;
    // A batch that outlives a rebalance keeps these objects, so that it changes nothing of the next assignment.
    const { heads, users } = owned;
    const head = heads.get(partition) ?? (await store.readHead(partition));
    requireContinuity(head, batch);
    let streamTime = believableTime(head?.streamTime ?? 0, now());
    const byUser = new Map<string, UserWork>();
    for (const { key, offset, value, timestamp, trace } of batch.messages) {
      if (value === null) {
        batch.reject(offset, 'message.tombstone', 'a tombstone is not an action');
        continue;
      }
      const fault = actionFault({ value, key, timestamp });
      if (fault !== undefined) {
        batch.reject(offset, fault.code, faultSentence(fault));
        continue;
      }
      streamTime = Math.max(streamTime, value.occurredAt);
      if (isImpression(value)) continue;
      const work = byUser.get(key) ?? { userId: key, actions: [], trace };
      byUser.set(key, work);
      work.actions.push({ action: value, offset, streamTime });
      work.trace = trace;
    }
    const works = [...byUser.values()];
    const to = { offset: Math.max(batch.lastOffset, head?.offset ?? -1), streamTime };
    let start = 0;
    do {
      const end = start + USERS_PER_STEP;
      const step = { held: head, to: end < works.length ? undefined : to };
      await updateUsers({ partition, users }, works.slice(start, end), step, meeting);
      start = end;
    } while (start < works.length);
    heads.set(partition, { ...to, incarnation: head?.incarnation });
  }

  /** Reads users together, publishes what changed, and writes it together. */
  async function updateUsers(
    held: Held,
    works: readonly UserWork[],
    step: HeadStep,
    meeting: Party,
  ): Promise<void> {
    const users = await loadUsers(held, works);
    await meeting.arrive();
    const published: Promise<void>[] = [];
    const update = async (work: UserWork, place: number): Promise<ChangedUser | undefined> => {
      const record = users[place];
      const changed = await readable(held.partition, work.userId, () => updates.change(record, work));
      if (changed === undefined) {
        if (record !== undefined) held.users.put(work.userId, record);
        return undefined;
      }
      const sent = publish(work.userId, changed.write.interests, work.trace);
      // All are awaited below.
      sent.catch(() => undefined);
      published.push(sent);
      return changed;
    };
    let changed: readonly ChangedUser[];
    try {
      changed = (await mapInSlices(works, update)).filter((one) => one !== undefined);
    } finally {
      // Outputs of failed work may not arrive during its redelivery.
      await Promise.allSettled(published);
    }
    await Promise.all(published);
    await writeUsers(held, changed, step);
    // If the generation flipped while the outputs were on their way, the refresh may have passed these users already.
    const served = servedSpace()?.generation ?? null;
    const passed = changed.filter(({ generation }) => generation !== served);
    if (passed.length > 0)
      await refreshUsers(
        held.partition,
        passed.map(({ write }) => write.userId),
      );
  }

  /** A record that cannot be decoded is like a lost one: its partition is built from the log. @throws StateLost */
  async function readable<T>(partition: number, userId: string, read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof BinaryFormatError)) throw error;
      await store.lose(partition, userId);
      throw new StateLost(undefined, owned.heads.get(partition)?.offset ?? -1);
    }
  }

  /** Takes records out of the cache, and reads the others. It is undefined for a user who has none. */
  async function loadUsers(
    { partition, users }: Held,
    works: readonly UserWork[],
  ): Promise<readonly (UserRecord | undefined)[]> {
    const loaded = works.map(({ userId }) => users.remove(userId));
    const missing = [...works.keys()].filter((place) => loaded[place] === undefined);
    if (missing.length > 0) {
      const userIds = missing.map((place) => works[place]!.userId);
      const records = await store.read(partition, userIds);
      for (const [number, place] of missing.entries()) loaded[place] = records[number];
    }
    if (missing.length > 0) ports.countUsers('read', missing.length);
    if (missing.length < works.length) ports.countUsers('hot', works.length - missing.length);
    return loaded;
  }

  /** Writes users, and then the head; a record that another process changed is written whole. */
  async function writeUsers(
    { partition, users }: Held,
    changed: readonly ChangedUser[],
    step: HeadStep,
  ): Promise<void> {
    const writes = changed.map(({ write }) => write);
    const outcomes = await store.write(partition, writes, step);
    const again: ChangedUser[] = [];
    for (const [place, one] of changed.entries()) {
      if (outcomes[place] === 'written') users.put(one.write.userId, one.next);
      else if (outcomes[place] === 'elsewhere') again.push(withWholeWindow(one));
    }
    if (again.length > 0) await writeUsers({ partition, users }, again, step);
  }

  async function refresh(partition: number, signal: AbortSignal, pace: Pace): Promise<number> {
    let changed = 0;
    for await (const page of store.users(partition)) {
      // Most users are current, which the first bytes tell: a million whole records would take minutes to read.
      const starts = new Map<string, Uint8Array | undefined>();
      for (const [place, start] of (await store.peek(partition, page)).entries())
        starts.set(page[place]!, start);
      for (const slice of slicesOf(page, USERS_PER_REFRESH_STEP)) {
        if (signal.aborted) return changed;
        const late = slice.filter((userId) => !isSurelyCurrent(starts.get(userId)));
        const users = late.length === 0 ? 0 : await refreshUsers(partition, late);
        changed += users;
        await pace(users + READ_COST * (slice.length - users), slice.length);
      }
    }
    return changed;
  }

  /** A record that cannot be decoded is read whole, and found lost. */
  function isSurelyCurrent(start: Uint8Array | undefined): boolean {
    try {
      return updates.isCurrent(start);
    } catch (error) {
      if (error instanceof BinaryFormatError) return false;
      throw error;
    }
  }

  /** @returns the number of users that changed */
  async function refreshUsers(partition: number, userIds: readonly string[]): Promise<number> {
    const records = await store.read(partition, userIds);
    const outcomes = await allEnded(
      userIds.map((userId, place) => refreshUser(partition, userId, records[place])),
    );
    return outcomes.filter(Boolean).length;
  }

  async function refreshUser(
    partition: number,
    userId: string,
    stored: UserRecord | undefined,
  ): Promise<boolean> {
    const next = await readable(partition, userId, () => updates.rederive(userId, stored)).catch(
      (error: unknown) => {
        // The rebuild clusters all users again.
        if (error instanceof StateLost) return undefined;
        throw error;
      },
    );
    if (next === undefined) return false;
    await publish(userId, next.bytes.interests, undefined);
    const written = await store.rederive(partition, { userId, offset: next.offset }, next.bytes);
    owned.users.forget(userId);
    return written;
  }

  return {
    handle: (batch) => handle(batch),
    together(batches) {
      const meetings = rendezvous(batches.length);
      return batches.map((batch, place) => handle(batch, meetings[place]));
    },
    refresh,
    cachedBytes: () => owned.users.bytes,
    forgetPartitions() {
      owned = ownNothing(config);
    },
  };
}

/** State in memory of the owned partitions. */
interface Owned {
  /** By partition. */
  readonly heads: Map<number, Omit<InterestsHead, 'topicId'>>;
  readonly users: CachedRecords;
}

function ownNothing({ hotUsersMib }: InterestsConfig): Owned {
  return { heads: new Map(), users: new CachedRecords(hotUsersMib * MIB * (1 - RING_SHARE)) };
}
