/** Mean rewards of shown items with their intervals. Pure. */
import type { Reward } from '#contracts/generated/records.ts';

export interface RewardedItem {
  /** Shown items whose reward is settled. */
  readonly shown: number;
  readonly mean: number;
  /** Half the width of the 95% interval of the mean, by its standard error; 0 for fewer than two. */
  readonly margin: number;
  /** Mean propensity, 0 to 1. */
  readonly propensity: number;
}

/** Earnings of one group of shown items. */
export interface Earnings extends RewardedItem {
  readonly name: string;
}

/** Returns undefined without a reward. */
export function earningsOf(
  rewards: readonly Pick<Reward, 'reward' | 'propensity'>[],
): RewardedItem | undefined {
  const tally = new EarningsTally();
  for (const { reward, propensity } of rewards) tally.add('', reward, propensity);
  const [all] = tally.earnings();
  if (all === undefined) return undefined;
  const { name: _, ...earned } = all;
  return earned;
}

/** Sums of rewards by group. */
export class EarningsTally {
  readonly #sums = new Map<string, { n: number; sum: number; squares: number; propensity: number }>();

  add(name: string, reward: number, propensity: number): void {
    const sums = this.#sums.get(name) ?? { n: 0, sum: 0, squares: 0, propensity: 0 };
    sums.n += 1;
    sums.sum += reward;
    sums.squares += reward * reward;
    sums.propensity += propensity;
    this.#sums.set(name, sums);
  }

  earnings(): Earnings[] {
    return Array.from(this.#sums, ([name, { n, sum, squares, propensity }]) => {
      const mean = sum / n;
      const variance = n < 2 ? 0 : Math.max(0, (squares - n * mean * mean) / (n - 1));
      return { name, shown: n, mean, margin: 1.96 * Math.sqrt(variance / n), propensity: propensity / n };
    });
  }
}
