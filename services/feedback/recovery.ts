import type { JoinChange, JoinStore, RebuildableJoinStore } from './store.ts';

/** The rewards of a partition that are in the log already. */
export interface LoggedRewards {
  readonly rewardIds: ReadonlySet<string>;
  /** A number that no sequence number in the log exceeds: that of the last reward if there is one. */
  readonly lastSequence: number;
}

export interface Recovery {
  /** The store for the joiner: it drops rewards that were logged before the state was lost. */
  readonly store: JoinStore;
  /** Called for a partition without state. @returns a sequence number that no reward in the log exceeds */
  lastSequence(partition: number): Promise<number>;
  /** Deletes all state of the partition. No step of the partition may be under way. */
  clear(partition: number): Promise<void>;
  /** Forgets what is in memory of all partitions. */
  forget(): void;
}

/**
 * Makes a rebuild of the join write no reward twice. The rewards are a function of slates and actions, but their order is
 * not, because it depends on how the two logs interleave. So a rebuilt partition leaves out the rewards whose ids are in
 * the log, and continues their numbers.
 */
export function createRecovery(options: {
  store: RebuildableJoinStore;
  /** Reads the rewards of a partition. */
  readLogged: (partition: number) => Promise<LoggedRewards>;
  /** Time that the log keeps slates and rewards, ms. */
  retentionMs: number;
  now: () => number;
}): Recovery {
  const { store, readLogged, retentionMs, now } = options;
  const logged = new Map<number, Promise<LoggedRewards | undefined>>();

  function loggedOf(partition: number): Promise<LoggedRewards | undefined> {
    let found = logged.get(partition);
    if (found === undefined) {
      // Rewards from before the deletion have left the log after its retention, as their slates have.
      found = store
        .clearedAt(partition)
        .then((at) => (now() - at < retentionMs ? readLogged(partition) : undefined));
      found.catch(() => logged.delete(partition));
      logged.set(partition, found);
    }
    return found;
  }

  return {
    store: {
      ...store,
      async commit(partition, change) {
        const known = change.rewards.length === 0 ? undefined : await loggedOf(partition);
        return store.commit(partition, known === undefined ? change : withoutLogged(change, known));
      },
    },
    async lastSequence(partition) {
      // The state may be gone although nothing was committed to the group yet, so that no comparison shows the loss.
      await store.noteCleared(partition, now());
      logged.delete(partition);
      const known = await loggedOf(partition);
      return known?.lastSequence ?? (await readLogged(partition)).lastSequence;
    },
    async clear(partition) {
      await store.clear(partition, now());
      logged.delete(partition);
    },
    forget() {
      logged.clear();
    },
  };
}

function withoutLogged(change: JoinChange, { rewardIds }: LoggedRewards): JoinChange {
  const fresh = change.rewards.filter(({ reward }) => !rewardIds.has(reward.rewardId));
  const before = change.head.sequence - change.rewards.length;
  return {
    ...change,
    head: { ...change.head, sequence: before + fresh.length },
    rewards: fresh.map((queued, index) => ({
      ...queued,
      reward: { ...queued.reward, sequence: before + index + 1 },
    })),
  };
}
