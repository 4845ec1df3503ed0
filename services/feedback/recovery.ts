import type { Reward } from '#contracts/generated/records.ts';
import { type Head, requireIncarnation, StateLost } from '#platform/kafka/held-state.ts';
import type { JoinChange, JoinedTopic, JoinStore, RebuildableJoinStore } from './store.ts';

/** The rewards of a partition that are in the log already, as its readers see them. */
export interface LoggedRewards {
  /** Without those that a reader drops, because their number does not exceed one before them. */
  readonly rewardIds: ReadonlySet<string>;
  /** A number that no sequence number in the log exceeds: that of the last reward if there is one. */
  readonly lastSequence: number;
}

/** Takes the rewards of a partition in log order, as their readers do. */
export class RewardsReading implements LoggedRewards {
  readonly rewardIds = new Set<string>();
  lastSequence = 0;

  take({ rewardId, sequence }: Pick<Reward, 'rewardId' | 'sequence'>): void {
    if (sequence <= this.lastSequence) return;
    this.rewardIds.add(rewardId);
    this.lastSequence = sequence;
  }
}

export interface Recovery {
  /**
   * The store for the joiner: it drops rewards that were logged before the state was lost. Reading a head of another
   * incarnation than was compared with the log, or with fewer rewards than were read here before, throws StateLost.
   */
  readonly store: JoinStore;
  /** The head of the store; undefined also if the log has rewards that the state does not know, because it is an older copy. */
  readTopicHead(topic: JoinedTopic, partition: number): Promise<Head | undefined>;
  /** Called for a partition without state. @returns a sequence number that no reward in the log exceeds */
  lastSequence(partition: number): Promise<number>;
  /** Deletes all state of the partition. No step of the partition may be under way. */
  clear(partition: number): Promise<void>;
  /** Forgets what is in memory of all partitions, but which states were compared with the log. */
  forget(): void;
  /** The state of the partition was compared with the log, and is of this incarnation now. */
  continueWith(partition: number, incarnation: string): void;
  /** Whether a state of the partition was compared with the log. Before that, no slate may be closed. */
  isCompared(partition: number): boolean;
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
  /** Reads the largest number of the newest rewards of a partition; 0 if there are none. */
  readNewest: (partition: number) => Promise<number>;
  /** Time that the log keeps slates and rewards, ms. */
  retentionMs: number;
  now: () => number;
}): Recovery {
  const { store, readLogged, readNewest, retentionMs, now } = options;
  const logged = new Map<number, Promise<LoggedRewards | undefined>>();

  /** By partition, the number of rewards in the newest head that was read or written here. */
  const known = new Map<number, number>();
  /** Partitions whose head was compared with the newest rewards of the log. */
  const compared = new Set<number>();
  /** By partition, the incarnation that was last compared with the log. */
  const incarnations = new Map<number, string>();

  /**
   * A commit comes before its rewards, so a state that knows fewer rewards than the log or this process is an older copy. The
   * offsets do not show it where the clock has closed slates since.
   */
  async function isOlderThanLog(partition: number): Promise<boolean> {
    const before = known.get(partition) ?? 0;
    const { version, sequence } = await store.readHead(partition);
    if (version === 0) return false;
    if (sequence < before) return true;
    if (compared.has(partition)) return false;
    const newest = await readNewest(partition);
    // Read again, because another process may have sent rewards meanwhile.
    if ((await store.readHead(partition)).sequence < newest) return true;
    compared.add(partition);
    known.set(partition, Math.max(known.get(partition) ?? 0, sequence));
    return false;
  }

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
      async readHead(partition) {
        const before = known.get(partition) ?? 0;
        const head = await store.readHead(partition);
        requireIncarnation({ ...head, offset: head.slatesOffset }, incarnations.get(partition));
        if (head.version > 0 && head.sequence < before) throw new StateLost(head.sequence, before);
        if (head.version > 0) known.set(partition, head.sequence);
        return head;
      },
      async commit(partition, change) {
        const found = change.rewards.length === 0 ? undefined : await loggedOf(partition);
        const fresh = found === undefined ? change : withoutLogged(change, found);
        const committed = await store.commit(partition, fresh);
        if (committed !== undefined) known.set(partition, committed.head.sequence);
        return committed;
      },
    },
    async readTopicHead(topic, partition) {
      const head = await store.readTopicHead(topic, partition);
      return head !== undefined && (await isOlderThanLog(partition)) ? undefined : head;
    },
    async lastSequence(partition) {
      // The state may be gone although nothing was committed to the group yet, so that no comparison shows the loss.
      await store.noteCleared(partition, now());
      logged.delete(partition);
      const found = await loggedOf(partition);
      return found?.lastSequence ?? (await readLogged(partition)).lastSequence;
    },
    async clear(partition) {
      await store.clear(partition, now());
      logged.delete(partition);
      known.delete(partition);
    },
    forget() {
      logged.clear();
      known.clear();
      compared.clear();
    },
    continueWith: (partition, incarnation) => void incarnations.set(partition, incarnation),
    isCompared: (partition) => incarnations.has(partition),
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
