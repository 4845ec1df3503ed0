import { LastTimes } from '#algorithms/retrieval/last-times.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';

const MS_PER_DAY = 86_400_000;
const MIB = 1_048_576;
/** Share of the memory of other filters: only items that are bought again matter. */
const SHARE_OF_MEMORY = 1 / 4;
/** Logarithms are summed up as whole numbers of this part, so that the sums do not depend on the order of the partitions. */
const PARTS = 1_024;
/** Intervals of all users from which the usual one is known. */
const LEAST_INTERVALS = 5;
/** Purchases within a day are one visit. */
const LEAST_MS = MS_PER_DAY;

/** The usual time between two purchases of an item by one user, from the purchases of all users, in bounded memory. */
export class Intervals {
  readonly #bytes: number;
  /** The partitions are apart, as those of `Takers` are. */
  readonly #partitions = new Map<number, LastTimes>();
  readonly #items = new Map<string, { count: number; logDays: number }>();

  /** @param partitions number of partitions of `actions` */
  constructor({ seenMib }: { readonly seenMib: number }, partitions = 1) {
    this.#bytes = Math.floor((SHARE_OF_MEMORY * seenMib * MIB) / partitions);
  }

  /** Counts a purchase; actions of other types, invalid ones and repeated events change nothing. */
  apply(action: LoggedAction, partition = 0): void {
    const { userId, itemId, type, occurredAt } = action.value;
    if (type !== 'buy' || actionFault(action) !== undefined) return;
    let times = this.#partitions.get(partition);
    if (times === undefined) {
      times = new LastTimes(this.#bytes);
      this.#partitions.set(partition, times);
    }
    // The length tells where an id ends, whatever characters it has.
    const before = times.put(`${userId.length} ${userId}${itemId}`, occurredAt);
    if (before === undefined || occurredAt - before < LEAST_MS) return;
    const known = this.#items.get(itemId) ?? { count: 0, logDays: 0 };
    known.count += 1;
    known.logDays += Math.round(PARTS * Math.log((occurredAt - before) / MS_PER_DAY));
    this.#items.set(itemId, known);
  }

  /** The geometric mean of the intervals of all users in days; undefined with fewer than five. */
  usualDays(itemId: string): number | undefined {
    const known = this.#items.get(itemId);
    if (known === undefined || known.count < LEAST_INTERVALS) return undefined;
    return Math.exp(known.logDays / PARTS / known.count);
  }
}
