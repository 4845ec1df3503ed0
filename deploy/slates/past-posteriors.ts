import type { Reward } from '#contracts/generated/records.ts';
import type { RerankConfig } from '../../services/rerank/config.ts';
import {
  type HeldPosterior,
  learnPosterior,
  posteriorIdOf,
} from '../../services/rerank/learning/posterior.ts';
import {
  applyReward,
  believableLearned,
  isPossibleSequence,
  type Learned,
  nothingLearned,
} from '../../services/rerank/learning/rewards.ts';

/** A reward with its offset in its partition. */
export interface PlacedReward {
  readonly offset: number;
  readonly reward: Reward;
}

/**
 * The posteriors that rerank had in the past, from the rewards of the log. They are cheapest in the order of time, because each one continues
 * the sums of the one before; an earlier one begins again.
 */
export class PastPosteriors {
  readonly #rewards: readonly (readonly PlacedReward[])[];
  readonly #config: RerankConfig;
  #learned: Learned[] = [];
  /** By partition, how many rewards are included. */
  #included: number[] = [];

  /** @param rewards of each partition in log order, from its beginning */
  constructor(rewards: readonly (readonly PlacedReward[])[], config: RerankConfig) {
    this.#rewards = rewards;
    this.#config = config;
    this.#restart();
  }

  #restart(): void {
    this.#learned = this.#rewards.map(nothingLearned);
    this.#included = this.#rewards.map(() => 0);
  }

  /**
   * Returns the posterior that includes the rewards up to these offsets, one for each partition.
   * @param learner experiment and arm that learned apart; empty for all rewards
   * @throws RangeError if there are not as many offsets as partitions
   */
  at(offsets: readonly number[], learner = ''): HeldPosterior {
    if (offsets.length !== this.#rewards.length)
      throw new RangeError(`${offsets.length} offsets for ${this.#rewards.length} partitions`);
    const isAhead = offsets.some((end, partition) => {
      const included = this.#included[partition]!;
      return included > 0 && this.#rewards[partition]![included - 1]!.offset > end;
    });
    if (isAhead) this.#restart();
    for (const [partition, end] of offsets.entries()) this.#advance(partition, end);
    const { terms } = this.#config;
    const learned = this.#learned.map(believableLearned);
    return {
      ...learnPosterior(learned, { ...this.#config, ...terms }, posteriorIdOf(offsets, learner), learner),
      offsets,
    };
  }

  #advance(partition: number, end: number): void {
    const rewards = this.#rewards[partition]!;
    const learned = this.#learned[partition]!;
    let next = this.#included[partition]!;
    for (; next < rewards.length && rewards[next]!.offset <= end; next++) {
      const { offset, reward } = rewards[next]!;
      if (isPossibleSequence(learned, reward.sequence, offset))
        applyReward(learned, reward, this.#config.terms);
    }
    this.#included[partition] = next;
  }
}
