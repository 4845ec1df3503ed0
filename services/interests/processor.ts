import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { actionFault } from '#contracts/domain/action-validity.ts';
import { believableTime } from '#contracts/domain/times.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import { type KnownHead, requireContinuity } from '#platform/kafka/held-state.ts';
import { believableRecord } from './believable.ts';
import { type CachedUser, CachedUsers } from './cached-users.ts';
import { Clusterer, encodeClusters, RING_SHARE } from './clusters.ts';
import type { InterestsConfig } from './config.ts';
import type { InterestsHead, InterestsStore, UserRecord } from './store.ts';
import { applyActions, composeInterests, type PlacedAction } from './update.ts';
import type { EmbeddingSpace } from './vectors/vector-source.ts';

/** Users between two turns of the event loop, so that heartbeats and other partitions get their turns. */
const USERS_PER_SLICE = 16;
/** Users per refresh step. Small, because live actions wait while a step runs, and a long window takes milliseconds. */
const USERS_PER_REFRESH_STEP = 4;
/** Cost of reading an unchanged user, relative to re-clustering one. Counted in the pacing. */
const READ_COST = 0.05;
const MIB = 1_048_576;

export interface ProcessorPorts {
  readonly config: InterestsConfig;
  readonly store: InterestsStore;
  /** The space of the served generation; undefined before the first. */
  readonly servedSpace: () => EmbeddingSpace | undefined;
  /** Resolves when the record is in the topic `interests`. */
  readonly publish: (interests: UserInterests, trace: string | undefined) => Promise<void>;
  readonly count: (outcome: 'added' | 'duplicate' | 'late' | 'repeated', amount: number) => void;
  /** Milliseconds since the epoch. The results do not depend on it, unless the store holds times that no log can lead to. */
  readonly now: () => number;
  /** Called once a user of a batch: `hot` when the user was cached, `read` when it was read from the store. */
  readonly countUser: (outcome: 'hot' | 'read') => void;
}

/** What a batch continues from. */
interface Held {
  readonly partition: number;
  /** The head in the store; undefined if there is none. */
  readonly held: KnownHead | undefined;
  readonly users: CachedUsers;
}

interface UserWork {
  readonly userId: string;
  readonly actions: PlacedAction[];
  trace: string | undefined;
}

/** Resolves when so many users may have been re-clustered; an unchanged user counts as `READ_COST` of one. */
export type Pace = (users: number) => Promise<void>;

export interface Processor {
  handle(batch: IncomingBatch<UserAction>): Promise<void>;
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
  const { config, store, servedSpace, publish, count, now } = ports;
  const clusterer = new Clusterer(config);
  let owned = ownNothing(config);

  async function handle(batch: IncomingBatch<UserAction>): Promise<void> {
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
      const work = byUser.get(key) ?? { userId: key, actions: [], trace };
      byUser.set(key, work);
      work.actions.push({ action: value, offset, streamTime });
      work.trace = trace;
    }
    await forEachInSlices([...byUser.values()], (work) => updateUser({ partition, held: head, users }, work));
    const advanced = { offset: Math.max(batch.lastOffset, head?.offset ?? -1), streamTime };
    await store.advance(partition, advanced, head);
    heads.set(partition, { ...advanced, incarnation: head?.incarnation });
  }

  async function updateUser({ partition, held, users }: Held, work: UserWork): Promise<void> {
    const { userId, actions, trace } = work;
    const space = servedSpace();
    const user = await loadUser(userId, users, space);
    const { window, offset } = user;
    const fresh = actions.filter((action) => action.offset > offset);
    const newest = fresh.at(-1);
    if (fresh.length < actions.length) count('repeated', actions.length - fresh.length);
    if (newest === undefined) {
      users.put(userId, user);
      return;
    }
    for (const outcome of applyActions(window, fresh, config)) count(outcome, 1);
    const { clusters, ...found } = await clusterer.cluster(window, user.clusters, space, newest.streamTime);
    const at = {
      userId,
      version: newest.offset,
      generation: space?.generation ?? null,
      streamTime: newest.streamTime,
      receivedAt: newest.action.receivedAt,
    };
    const interests = composeInterests(window, at, found, config);
    await publish(interests, trace);
    const derived = { interests, clustering: encodeClusters(clusters) };
    const written = await store.write(partition, window, derived, held);
    if (written) users.put(userId, { window, clusters, offset: newest.offset });
    // If the generation flipped while the outputs were on their way, the refresh may have passed this user already.
    if (servedSpace()?.generation !== interests.generation) await refreshUser(userId);
  }

  async function loadUser(
    userId: string,
    users: CachedUsers,
    space: EmbeddingSpace | undefined,
  ): Promise<CachedUser> {
    const user = users.remove(userId);
    ports.countUser(user === undefined ? 'read' : 'hot');
    return user ?? decodeUser(await readUser(userId), space);
  }

  async function readUser(userId: string): Promise<UserRecord> {
    return believableRecord(await store.read(userId), now());
  }

  async function decodeUser(record: UserRecord, space: EmbeddingSpace | undefined): Promise<CachedUser> {
    const { window, interests, clustering, offset } = record;
    const usable = space !== undefined && interests?.generation === space.generation;
    const clusters = usable ? await clusterer.restore(window, clustering, space) : undefined;
    return { window, clusters, offset };
  }

  async function refresh(partition: number, signal: AbortSignal, pace: Pace): Promise<number> {
    let changed = 0;
    for await (const page of store.users(partition)) {
      for (const slice of slicesOf(page, USERS_PER_REFRESH_STEP)) {
        if (signal.aborted) return changed;
        const outcomes = await allEnded(slice.map(refreshUser));
        const users = outcomes.filter(Boolean).length;
        changed += users;
        await pace(users + READ_COST * (slice.length - users));
      }
    }
    return changed;
  }

  async function refreshUser(userId: string): Promise<boolean> {
    const space = servedSpace();
    const record = await readUser(userId);
    const { window, interests } = record;
    if (space === undefined || interests === undefined) return false;
    const stale = interests.generation !== space.generation || interests.unknownItems > 0;
    if (!stale) return false;
    const before = await decodeUser(record, space);
    const { clusters, ...found } = await clusterer.cluster(
      window,
      before.clusters,
      space,
      interests.streamTime,
    );
    const next = composeInterests(window, { ...interests, generation: space.generation }, found, config);
    const isChanged =
      next.generation !== interests.generation || next.unknownItems !== interests.unknownItems;
    if (!isChanged) return false;
    await publish(next, undefined);
    const written = await store.rederive({ interests: next, clustering: encodeClusters(clusters) });
    owned.users.forget(userId);
    return written;
  }

  return {
    handle,
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
  readonly users: CachedUsers;
}

function ownNothing({ hotUsersMib }: InterestsConfig): Owned {
  return { heads: new Map(), users: new CachedUsers(hotUsersMib * MIB * (1 - RING_SHARE)) };
}

async function forEachInSlices<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (const slice of slicesOf(all, USERS_PER_SLICE)) {
    await allEnded(slice.map(work));
    await yieldToEventLoop();
  }
}

function* slicesOf<T>(all: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}

/** Waits for all work before it throws, because a failed batch may be redelivered at once. */
async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ends = await Promise.allSettled(work);
  return ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
}
