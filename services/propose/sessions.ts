import { RecentSessions, type Session } from '#algorithms/sessions/recent-sessions.ts';
import type { SessionIndex } from '#algorithms/sessions/session-neighbours.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import { partitionOfKey } from '#topics/partitioner.ts';

export interface SessionsConfig {
  readonly actionWeights: ActionWeights;
  /** Sessions that are remembered, over all partitions. */
  readonly sessions: number;
  /** Sessions of one item that are remembered, over all partitions. */
  readonly sessionsOfItem: number;
  /** Time without an action after which a session without a context ends, minutes. */
  readonly sessionGapMinutes: number;
}

/** Items that a session remembers. */
const ITEMS_OF_SESSION = 50;

interface Waiter {
  readonly offset: number;
  readonly resolve: () => void;
}

/**
 * The latest sessions of all users, as the log flows: nothing is trained. The partitions are apart, so that the state depends on neither
 * batches nor the order in which partitions are read, and a rebuild has the same state.
 */
export class Sessions implements SessionIndex {
  readonly #weights: ActionWeights;
  readonly #partitions: readonly RecentSessions[];
  /** Offset of the next action of each partition. */
  readonly #positions: Float64Array;
  readonly #waiters: readonly Waiter[][];

  /** @param partitions number of partitions of `actions` */
  constructor(config: SessionsConfig, partitions: number) {
    this.#weights = config.actionWeights;
    const share = (total: number) => Math.max(1, Math.ceil(total / partitions));
    const limits = {
      sessions: share(config.sessions),
      sessionsOfItem: share(config.sessionsOfItem),
      items: ITEMS_OF_SESSION,
      gapMs: config.sessionGapMinutes * 60_000,
    };
    this.#partitions = Array.from({ length: partitions }, () => new RecentSessions(limits));
    this.#positions = new Float64Array(partitions);
    this.#waiters = Array.from({ length: partitions }, () => []);
  }

  /** Applies an action; only a valid one that expresses interest belongs to a session. */
  apply(action: LoggedAction, partition: number, offset: number): void {
    const { value } = action;
    if (this.#weights[value.type] > 0 && actionFault(action) === undefined)
      this.#partitions[partition]?.add(value);
    this.#positions[partition] = offset + 1;
    const waiters = this.#waiters[partition]!;
    for (let i = waiters.length - 1; i >= 0; i--) {
      if (waiters[i]!.offset > offset) continue;
      waiters[i]!.resolve();
      waiters.splice(i, 1);
    }
  }

  /** Resolves when the user's action at this offset was applied, or the signal aborts. */
  async reach(userId: string, offset: number, signal: AbortSignal): Promise<void> {
    const partition = partitionOfKey(userId, this.#partitions.length);
    if (this.#positions[partition]! > offset || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { offset, resolve };
    const waiters = this.#waiters[partition]!;
    waiters.push(waiter);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    const place = waiters.indexOf(waiter);
    if (place >= 0) waiters.splice(place, 1);
  }

  /** The session of the user's latest action, if it is remembered. */
  latestOf(userId: string): Session | undefined {
    return this.#partitions[partitionOfKey(userId, this.#partitions.length)]!.latestOf(userId);
  }

  withItem(itemId: string): ReadonlyArray<readonly Session[]> {
    return this.#partitions.map((partition) => partition.withItem(itemId));
  }
}
