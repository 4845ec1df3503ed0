import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { loggedActionFault } from '#contracts/domain/action-validity.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { Clusterer, encodeClusters, RING_SHARE } from './clusters.ts';
import type { InterestsConfig } from './config.ts';
import { type HotUser, HotUsers } from './hot-users.ts';
import type { ServedVectors } from './served-vectors.ts';
import type { InterestsStore, UserRecord } from './store.ts';
import { applyActions, describeInterests, type PlacedAction } from './update.ts';

/** Users worked on between two turns of the event loop, so that heartbeats and other partitions get theirs. */
const USERS_AT_A_TIME = 16;
/** Of a walk, which may keep no action waiting for long: a window of hundreds takes milliseconds to cluster anew. */
const WALKED_AT_A_TIME = 4;
/** What reading a user in vain costs, of clustering one anew: a walk over a million unchanged users is a load as well. */
const READ_SHARE = 0.05;
const MIB = 1_048_576;

export interface ProcessorPorts {
  readonly config: InterestsConfig;
  readonly store: InterestsStore;
  readonly served: () => ServedVectors | undefined;
  /** Resolves when `interests` has it. */
  readonly publish: (interests: UserInterests, trace: string | undefined) => Promise<void>;
  readonly count: (outcome: 'added' | 'duplicate' | 'late' | 'repeated', amount: number) => void;
  /** Called for each user that is worked on: at hand, or read from the store. */
  readonly countUser: (outcome: 'hot' | 'read') => void;
}

interface UserWork {
  readonly userId: string;
  readonly actions: PlacedAction[];
  trace: string | undefined;
}

/** Resolves when as many users may have been clustered anew; a part of one for one that was read in vain. */
export type Pace = (users: number) => Promise<void>;

export interface Processor {
  handle(batch: IncomingBatch<UserAction>): Promise<void>;
  /** Users at hand, and the bytes they are estimated to take. */
  hotUsers(): { readonly count: number; readonly bytes: number };
  /** Forgets stream times and users of partitions that another process may move on. */
  forgetPartitions(): void;
  /**
   * Clusters the windows of a partition anew where the served generation is another one, or where it may have
   * gained the vector of an item that was unknown.
   * @param pace called after each step; the next one begins when it resolves
   * @returns how many users changed
   */
  refresh(partition: number, signal: AbortSignal, pace: Pace): Promise<number>;
}

/**
 * Turns actions into windows and interests. Outputs are acknowledged before state is written, and state before the
 * commit: whatever a crash interrupts is done again from the log, and the fence keeps what was done from counting
 * twice. Nothing here looks at the clock, and nothing depends on where a batch ends.
 */
export function createProcessor(ports: ProcessorPorts): Processor {
  const { config, store, served, publish, count } = ports;
  const clusterer = new Clusterer(config);
  let held = holdNothing(config);

  async function handle(batch: IncomingBatch<UserAction>): Promise<void> {
    const { partition } = batch;
    // A batch that outlives a rebalance must leave nothing behind: by then another process may have gone on.
    const { streamTimes, users } = held;
    let streamTime = streamTimes.get(partition) ?? (await store.readStreamTime(partition));
    const byUser = new Map<string, UserWork>();
    for (const { key, offset, value, trace } of batch.messages) {
      if (value === null) {
        batch.reject(offset, 'message.tombstone', 'a tombstone is no action');
        continue;
      }
      const fault = loggedActionFault(value, key);
      if (fault !== undefined) {
        batch.reject(offset, fault.code, faultSentence(fault));
        continue;
      }
      streamTime = Math.max(streamTime, value.occurredAt);
      const work = byUser.get(key) ?? { userId: key, actions: [], trace };
      byUser.set(key, work);
      work.actions.push({ action: value, offset, streamTime });
      work.trace = trace;
    }
    await inSlices([...byUser.values()], (work) => updateUser(partition, work, users));
    const last = batch.messages.at(-1);
    if (last !== undefined) await store.writeStreamTime(partition, last.offset, streamTime);
    streamTimes.set(partition, streamTime);
  }

  async function updateUser(partition: number, work: UserWork, users: HotUsers): Promise<void> {
    const { userId, actions, trace } = work;
    const current = served();
    const user = await takeUser(userId, users, current);
    const { window, offset } = user;
    const fresh = actions.filter((action) => action.offset > offset);
    const newest = fresh.at(-1);
    if (fresh.length < actions.length) count('repeated', actions.length - fresh.length);
    if (newest === undefined) {
      users.put(userId, user);
      return;
    }
    for (const outcome of applyActions(window, fresh, config)) count(outcome, 1);
    const { clusters, ...found } = await clusterer.cluster(window, user.clusters, current, newest.streamTime);
    const at = {
      userId,
      version: newest.offset,
      generation: current?.generation ?? null,
      streamTime: newest.streamTime,
      receivedAt: newest.action.receivedAt,
    };
    const interests = describeInterests(window, at, found, config);
    await publish(interests, trace);
    const written = await store.write(partition, window, { interests, clustering: encodeClusters(clusters) });
    if (written) users.put(userId, { window, clusters, offset: newest.offset });
    // A flip while the outputs were on their way may have walked past this user already.
    if (served()?.generation !== interests.generation) await refreshUser(userId);
  }

  async function takeUser(
    userId: string,
    users: HotUsers,
    current: ServedVectors | undefined,
  ): Promise<HotUser> {
    const user = users.take(userId);
    ports.countUser(user === undefined ? 'read' : 'hot');
    return user ?? restoreUser(await store.read(userId), current);
  }

  async function restoreUser(record: UserRecord, current: ServedVectors | undefined): Promise<HotUser> {
    const { window, interests, clustering, offset } = record;
    const usable = current !== undefined && interests?.generation === current.generation;
    const clusters = usable ? await clusterer.restore(window, clustering, current) : undefined;
    return { window, clusters, offset };
  }

  async function refresh(partition: number, signal: AbortSignal, pace: Pace): Promise<number> {
    let changed = 0;
    for await (const page of store.users(partition)) {
      for (const slice of slicesOf(page, WALKED_AT_A_TIME)) {
        if (signal.aborted) return changed;
        const outcomes = await allEnded(slice.map(refreshUser));
        const users = outcomes.filter(Boolean).length;
        changed += users;
        await pace(users + READ_SHARE * (slice.length - users));
      }
    }
    return changed;
  }

  async function refreshUser(userId: string): Promise<boolean> {
    const current = served();
    const record = await store.read(userId);
    const { window, interests } = record;
    if (current === undefined || interests === undefined) return false;
    const stale = interests.generation !== current.generation || interests.unknownItems > 0;
    if (!stale) return false;
    const before = await restoreUser(record, current);
    const { clusters, ...found } = await clusterer.cluster(
      window,
      before.clusters,
      current,
      interests.streamTime,
    );
    const next = describeInterests(window, { ...interests, generation: current.generation }, found, config);
    const gained = next.generation !== interests.generation || next.unknownItems !== interests.unknownItems;
    if (!gained) return false;
    await publish(next, undefined);
    const written = await store.rederive({ interests: next, clustering: encodeClusters(clusters) });
    held.users.forget(userId);
    return written;
  }

  return {
    handle,
    refresh,
    hotUsers: () => ({ count: held.users.count, bytes: held.users.bytes }),
    forgetPartitions() {
      held = holdNothing(config);
    },
  };
}

/** What is held of the owned partitions. */
interface Held {
  /** By partition. */
  readonly streamTimes: Map<number, number>;
  readonly users: HotUsers;
}

function holdNothing({ hotUsersMib }: InterestsConfig): Held {
  return { streamTimes: new Map(), users: new HotUsers(hotUsersMib * MIB * (1 - RING_SHARE)) };
}

async function inSlices<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const slice of slicesOf(all, USERS_AT_A_TIME)) {
    await allEnded(slice.map(work));
    await yieldToEventLoop();
  }
}

function* slicesOf<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}

/** Whatever fails, nothing is still at work when this ends: the batch may be delivered again at once. */
async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
