import { RecentTakers } from '#algorithms/combiner/recent-takers.ts';
import { LastTimes } from '#algorithms/retrieval/last-times.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';

const MIB = 1_048_576;

export interface LiveTakersConfig {
  readonly actionWeights: ActionWeights;
  /** Memory of the last times, MiB. */
  readonly seenMib: number;
}

/**
 * Recent takers of items by several half-lives, as the log flows: the traits of items that change with time. A user counts once for an item,
 * whatever the type of a positive action, as in the training of the combiner; the prior of similarity (`Takers`) weighs types.
 *
 * Memory is bounded by `seenMib`, which suffices for 65,536 pairs of user and item a MiB. A user who takes an item again after the
 * pair was forgotten counts once more, alike for all items.
 */
export class LiveTakers {
  readonly #takers = new RecentTakers();
  readonly #weights: ActionWeights;
  /** The partitions are apart, so that the order in which they are read does not matter. */
  readonly #partitions = new Map<number, LastTimes>();
  readonly #bytes: number;

  /** @param partitions number of partitions of `actions` */
  constructor({ actionWeights, seenMib }: LiveTakersConfig, partitions = 1) {
    this.#weights = actionWeights;
    this.#bytes = Math.floor((seenMib * MIB) / partitions);
  }

  /** Counts an action; negative and invalid ones are ignored, and a repeated event changes nothing. */
  apply(action: LoggedAction, partition = 0): void {
    const { userId, itemId, type, occurredAt } = action.value;
    if (!(this.#weights[type] > 0) || actionFault(action) !== undefined) return;
    let times = this.#partitions.get(partition);
    if (times === undefined) {
      times = new LastTimes(this.#bytes);
      this.#partitions.set(partition, times);
    }
    // The length tells where an id ends, whatever characters it has.
    this.#takers.add(itemId, occurredAt, times.put(`${userId.length} ${userId}${itemId}`, occurredAt));
  }

  /** Takers of an item by half-life, at the newest time of the log. */
  countsOf(itemId: string): number[] {
    return this.#takers.countsOf(itemId);
  }
}
