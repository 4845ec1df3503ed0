import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { createWardWorkspace } from '#algorithms/pinnersage/ward.ts';
import { actionFault } from '#contracts/action-fault.ts';
import type { UserAction, UserInterests } from '#contracts/generated/records.ts';
import type { IncomingBatch } from '#platform/kafka/consumer.ts';
import type { InterestsConfig } from './config.ts';
import type { InterestsStore } from './store.ts';
import { applyActions, deriveInterests, type PlacedAction, type ServedVectors } from './update.ts';

/** Users worked on between two turns of the event loop, so that heartbeats and other partitions get theirs. */
const USERS_AT_A_TIME = 16;

export interface ProcessorPorts {
  readonly config: InterestsConfig;
  readonly store: InterestsStore;
  readonly served: () => ServedVectors | undefined;
  /** Resolves when `interests` has it. */
  readonly publish: (interests: UserInterests, trace: string | undefined) => Promise<void>;
  readonly count: (outcome: 'added' | 'duplicate' | 'late' | 'repeated', amount: number) => void;
}

interface UserWork {
  readonly userId: string;
  readonly actions: PlacedAction[];
  trace: string | undefined;
}

export interface Processor {
  handle(batch: IncomingBatch<UserAction>): Promise<void>;
  /** Forgets the stream times of partitions that another process may move on. */
  forgetPartitions(): void;
  /**
   * Clusters the windows of a partition anew where the served generation is another one, or where it may have
   * gained the vector of an item that was unknown. @returns how many users changed
   */
  refresh(partition: number, signal: AbortSignal): Promise<number>;
}

/**
 * Turns actions into windows and interests. Outputs are acknowledged before state is written, and state before the
 * commit: whatever a crash interrupts is done again from the log, and the fence keeps what was done from counting
 * twice. Nothing here looks at the clock, and nothing depends on where a batch ends.
 */
export function createProcessor({ config, store, served, publish, count }: ProcessorPorts): Processor {
  let streamTimes = new Map<number, number>();
  const workspace = createWardWorkspace();

  async function handle(batch: IncomingBatch<UserAction>): Promise<void> {
    const { partition } = batch;
    // A batch that outlives a rebalance must not leave its stream time to the next owner's process.
    const times = streamTimes;
    let streamTime = times.get(partition) ?? (await store.readStreamTime(partition));
    const byUser = new Map<string, UserWork>();
    for (const { key, offset, value, trace } of batch.messages) {
      const fault = value === null ? 'a tombstone is no action' : actionFault(value, key);
      if (value === null || fault !== undefined) {
        batch.reject(offset, fault ?? '');
        continue;
      }
      streamTime = Math.max(streamTime, value.occurredAt);
      const work = byUser.get(key) ?? { userId: key, actions: [], trace };
      byUser.set(key, work);
      work.actions.push({ action: value, offset, streamTime });
      work.trace = trace;
    }
    await inSlices([...byUser.values()], (work) => updateUser(partition, work));
    const last = batch.messages.at(-1);
    if (last !== undefined) await store.writeStreamTime(partition, last.offset, streamTime);
    times.set(partition, streamTime);
  }

  async function updateUser(partition: number, { userId, actions, trace }: UserWork): Promise<void> {
    const { window, offset } = await store.read(userId);
    const fresh = actions.filter((action) => action.offset > offset);
    const newest = fresh.at(-1);
    if (fresh.length < actions.length) count('repeated', actions.length - fresh.length);
    if (newest === undefined) return;
    for (const outcome of applyActions(window, fresh, config)) count(outcome, 1);
    const at = {
      userId,
      version: newest.offset,
      streamTime: newest.streamTime,
      receivedAt: newest.action.receivedAt,
    };
    const interests = deriveInterests(window, at, served(), config, workspace);
    await publish(interests, trace);
    await store.write(partition, window, interests);
    // A flip while the outputs were on their way may have walked past this user already.
    if (served()?.generation !== interests.generation) await refreshUser(userId);
  }

  async function refresh(partition: number, signal: AbortSignal): Promise<number> {
    let changed = 0;
    for await (const page of store.users(partition)) {
      if (signal.aborted) break;
      await inSlices(page, async (userId) => {
        if (await refreshUser(userId)) changed += 1;
      });
    }
    return changed;
  }

  async function refreshUser(userId: string): Promise<boolean> {
    const current = served();
    const { window, interests } = await store.read(userId);
    if (current === undefined || interests === undefined) return false;
    const stale = interests.generation !== current.generation || interests.unknownItems > 0;
    if (!stale) return false;
    const next = deriveInterests(window, interests, current, config, workspace);
    const gained = next.generation !== interests.generation || next.unknownItems !== interests.unknownItems;
    if (!gained) return false;
    await publish(next, undefined);
    return store.rederive(next);
  }

  return {
    handle,
    refresh,
    forgetPartitions() {
      streamTimes = new Map();
    },
  };
}

/** Whatever fails, nothing is still at work when this ends: the batch may be delivered again at once. */
async function inSlices<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < all.length; start += USERS_AT_A_TIME) {
    const ends = await Promise.allSettled(all.slice(start, start + USERS_AT_A_TIME).map(work));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await yieldToEventLoop();
  }
}
