import { RecentTakers } from '#algorithms/combiner/recent-takers.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import { PairTimes } from './pair-times.ts';

export interface LiveTakersConfig {
  readonly actionWeights: ActionWeights;
  /** Memory of the last times, MiB. */
  readonly seenMib: number;
}

/**
 * Recent takers of items by several half-lives, as the log flows: the traits of items that change with time. A user counts once for an item,
 * whatever the type of a positive action, as in the training of the combiner; the prior of similarity (`Takers`) weighs types.
 * Memory is bounded as that of `PairTimes` is.
 */
export class LiveTakers {
  readonly #takers = new RecentTakers();
  readonly #weights: ActionWeights;
  readonly #times: PairTimes;

  /** @param partitions number of partitions of `actions` */
  constructor({ actionWeights, seenMib }: LiveTakersConfig, partitions = 1) {
    this.#weights = actionWeights;
    this.#times = new PairTimes(seenMib, partitions);
  }

  /** Counts an action; negative and invalid ones are ignored, and a repeated event changes nothing. */
  apply(action: LoggedAction, partition = 0): void {
    const { userId, itemId, type, occurredAt } = action.value;
    if (!(this.#weights[type] > 0) || actionFault(action) !== undefined) return;
    // The length tells where an id ends, whatever characters it has.
    this.#takers.add(
      itemId,
      occurredAt,
      this.#times.put(partition, `${userId.length} ${userId}${itemId}`, occurredAt),
    );
  }

  /** Takers of an item by half-life, at the newest time of the log. */
  countsOf(itemId: string): number[] {
    return this.#takers.countsOf(itemId);
  }
}
