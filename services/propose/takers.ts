import { DecayedCounts } from '#algorithms/retrieval/popularity.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import { PairTimes } from './pair-times.ts';

const MS_PER_DAY = 86_400_000;

export interface TakersConfig {
  /** Event time in which a user counts half for an item that was not taken again, days. */
  readonly priorHalfLifeDays: number;
  readonly actionWeights: ActionWeights;
  /** Memory of the last times, MiB. */
  readonly seenMib: number;
}

/**
 * Recent takers: how many users took an item, of whom each counts once for a type of action, by the weight of the type and the age of the
 * last time. This is the prior of models that rank by similarity. A count of actions is a worse one: an item that few households buy
 * every week is not one that others will take (decision 0041).
 * Memory is bounded as that of `PairTimes` is.
 */
export class Takers {
  readonly #counts: DecayedCounts;
  readonly #weights: ActionWeights;
  readonly #times: PairTimes;
  #highest = 0;

  /** @param partitions number of partitions of `actions` */
  constructor({ priorHalfLifeDays, actionWeights, seenMib }: TakersConfig, partitions = 1) {
    this.#counts = new DecayedCounts(priorHalfLifeDays * MS_PER_DAY);
    this.#weights = actionWeights;
    this.#times = new PairTimes(seenMib, partitions);
  }

  /** Counts an action; negative and invalid ones are ignored, and a repeated event changes nothing. */
  apply(action: LoggedAction, partition = 0): void {
    const { userId, itemId, type, occurredAt } = action.value;
    const weight = this.#weights[type];
    if (!(weight > 0) || actionFault(action) !== undefined) return;
    // The lengths tell where an id ends, whatever characters it has.
    const before = this.#times.put(
      partition,
      `${userId.length} ${itemId.length} ${userId}${itemId}${type}`,
      occurredAt,
    );
    if (before !== undefined && before >= occurredAt) return;
    this.#counts.add(itemId, occurredAt, weight);
    if (before !== undefined) this.#counts.add(itemId, before, -weight);
  }

  /** Sets the scale of `share` to the item of most takers. */
  rescale(): void {
    this.#highest = this.#counts.top(1)[0]?.count ?? 0;
  }

  /** Takers of an item, from 0 to 1, where 1 is the most at the last call of `rescale`. */
  share(itemId: string): number {
    if (!(this.#highest > 0)) return 0;
    // Rounding may leave less than nothing of a count that was taken off again.
    return Math.min(1, Math.max(0, this.#counts.count(itemId) / this.#highest));
  }
}
