import { DecayedCounts } from '#algorithms/retrieval/popularity.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import type { ProposeConfig } from './config.ts';

const MS_PER_DAY = 86_400_000;
/** After so many half-lives an action weighs below a thousandth: the log is read no further back. */
const HALF_LIVES_READ = 10;

/**
 * The actions of all users, decayed by event time. Every process counts all partitions, because popularity is also
 * the prior of the other models; the counts are rebuilt from the log at the start.
 */
export class Popularity {
  readonly #counts: DecayedCounts;
  readonly #weights: ActionWeights;
  #highest = 0;

  constructor(config: Pick<ProposeConfig, 'halfLifeDays' | 'actionWeights'>) {
    this.#counts = new DecayedCounts(config.halfLifeDays * MS_PER_DAY);
    this.#weights = config.actionWeights;
  }

  /**
   * Counts an action. Negative actions are ignored: they do not make an item less popular. Invalid ones are ignored too:
   * a time in the future would age all other counts to nothing. `interests` sends them to the dead letters.
   */
  apply(action: LoggedAction): void {
    const { type, itemId, occurredAt } = action.value;
    const weight = this.#weights[type];
    if (weight > 0 && actionFault(action) === undefined) this.#counts.add(itemId, occurredAt, weight);
  }

  /** The n most popular items with their share of the highest count, best first; sets the scale of `share`. */
  top(n: number): Array<{ itemId: string; share: number }> {
    const top = this.#counts.top(n);
    this.#highest = top[0]?.count ?? 0;
    return top.map(({ itemId, count }) => ({ itemId, share: count / this.#highest }));
  }

  /** Popularity of an item from 0 to 1, where 1 is that of the most popular item at the last call of `top`. */
  share(itemId: string): number {
    return this.#highest === 0 ? 0 : Math.min(1, this.#counts.count(itemId) / this.#highest);
  }
}

/** Start of reading `actions`, ms. */
export function popularityHorizon(now: number, halfLifeDays: number): number {
  return now - HALF_LIVES_READ * halfLifeDays * MS_PER_DAY;
}
