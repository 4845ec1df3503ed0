import { FirstSeen, LastSeen } from '#algorithms/retrieval/first-seen.ts';
import { DecayedCounts } from '#algorithms/retrieval/popularity.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import type { ProposeConfig } from './config.ts';

const MS_PER_DAY = 86_400_000;
/** After so many half-lives an action weighs below a thousandth: the log is read no further back. */
const HALF_LIVES_READ = 10;
/** Periods in which a user counts once for an item: a day each, or more where the half-life is longer than a week. */
const PERIODS = 71;
const MIB = 1_048_576;
/** Event ids that are remembered in each partition: half a MiB. */
const EVENTS_REMEMBERED = 65_536;

/** What a partition has counted. The partitions are apart, so that the order in which they are read does not matter. */
interface Counted {
  readonly events: LastSeen;
  readonly actions: FirstSeen;
}

/**
 * The actions of all users, decayed by event time. Every process counts all partitions, because popularity is also
 * the prior of the other models; the counts are rebuilt from the log at the start.
 *
 * A user counts once a day for each item and type of action, the first time in log order, so that nobody makes an item
 * popular alone. A repeated event counts once. Memory is bounded by `seenMib` and half a MiB a partition, however many users
 * there are.
 */
export class Popularity {
  readonly #counts: DecayedCounts;
  readonly #weights: ActionWeights;
  readonly #partitions = new Map<number, Counted>();
  readonly #createCounted: () => Counted;
  #highest = 0;

  /** @param partitions number of partitions of `actions` */
  constructor(config: Pick<ProposeConfig, 'halfLifeDays' | 'actionWeights' | 'seenMib'>, partitions = 1) {
    this.#counts = new DecayedCounts(config.halfLifeDays * MS_PER_DAY);
    this.#weights = config.actionWeights;
    const days = Math.max(1, Math.ceil((HALF_LIVES_READ * config.halfLifeDays) / (PERIODS - 1)));
    const bytes = Math.floor((config.seenMib * MIB) / partitions);
    this.#createCounted = () => ({
      events: new LastSeen(EVENTS_REMEMBERED),
      actions: new FirstSeen({ periodMs: days * MS_PER_DAY, periods: PERIODS, bytes }),
    });
  }

  /**
   * Counts an action. Negative actions are ignored: they do not make an item less popular. Invalid ones are ignored too:
   * a time in the future would age all other counts to nothing. `interests` sends them to the dead letters.
   */
  apply(action: LoggedAction, partition = 0): void {
    const { userId, itemId, type, eventId, occurredAt } = action.value;
    const weight = this.#weights[type];
    if (!(weight > 0) || actionFault(action) !== undefined) return;
    const counted = this.#countedIn(partition);
    // The lengths tell where an id ends, whatever characters it has.
    if (!counted.events.add(`${userId.length} ${userId}${eventId}`)) return;
    const key = `${userId.length} ${itemId.length} ${userId}${itemId}${type}`;
    if (!counted.actions.add(key, occurredAt)) return;
    this.#counts.add(itemId, occurredAt, weight);
  }

  #countedIn(partition: number): Counted {
    let counted = this.#partitions.get(partition);
    if (counted === undefined) {
      counted = this.#createCounted();
      this.#partitions.set(partition, counted);
    }
    return counted;
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
