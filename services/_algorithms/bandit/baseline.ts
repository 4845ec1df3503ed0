/**
 * Rewards of a slate relative to each other. A ranking can learn only from what tells the candidates of a slate apart: how much the user
 * reacted to the slate as a whole, which rate is usual, and how little low places are looked at are no merit of a candidate.
 */

/** Rewards that the running means remember. */
const MEMORY = 256;
/** Rate of a place, and rewards that it counts for, before any is seen there. */
const FIRST_RATE = 0.1;
const FIRST_COUNT = 5;
/** Largest reward, in usual sizes of a reward. */
const LARGEST = 3;

/** What is usual so far. */
export interface Baseline {
  /** Two numbers a place: rewards, at most MEMORY, and the running share of them that is earned. */
  readonly places: Float64Array;
  /** Rewards other than 0, at most MEMORY; running means of |r| and of r². */
  readonly sizes: Float64Array;
}

/** Of each slot of a slate. */
export interface RelativeRewards {
  /** Reward in usual sizes minus the one that is expected in its place of this slate: the gradient in the log-odds. */
  readonly targets: Float64Array;
  /** The variance of that reward, 0 to ¼: the Hessian. 0 where all rewards of the slate are equal. */
  readonly weights: Float64Array;
}

/** @param places number of places that are told apart */
export function createBaseline(places: number): Baseline {
  return { places: new Float64Array(places * 2), sizes: new Float64Array(3) };
}

/**
 * Returns gradient and Hessian of the logistic likelihood with an intercept for the slate and the usual odds of each place, where
 * all candidates are alike: one Newton step of it (Bishop 2006, §4.3.3; for an intercept a group, Chamberlain 1980). The expected
 * rewards πᵢ = λωᵢ/(1 + λωᵢ) have the sum of the rewards, which determines λ. A slate whose rewards are equal has nothing to
 * tell: all results are 0, and nothing changes in the baseline. Otherwise the rewards are added to it.
 * @param places of the slots, indices of the baseline
 * @param rewards of the slots
 */
export function relateRewards(
  baseline: Baseline,
  places: readonly number[],
  rewards: readonly number[],
): RelativeRewards {
  const nothing = { targets: new Float64Array(rewards.length), weights: new Float64Array(rewards.length) };
  if (rewards.every((reward) => reward === rewards[0])) return nothing;
  for (const reward of rewards) if (reward !== 0) addSize(baseline.sizes, reward);
  const size = baseline.sizes[2]! / baseline.sizes[1]!;
  const relative = rewards.map((reward) => Math.max(-LARGEST, Math.min(LARGEST, reward / size)));
  const earned = relative.map((reward) => Math.max(0, Math.min(1, reward)));
  const odds = places.map((place) => oddsOf(baseline.places, place));
  const expected = shareOut(
    earned.reduce((sum, one) => sum + one, 0),
    odds,
  );
  for (const [index, place] of places.entries()) addRate(baseline.places, place, earned[index]!);
  return {
    targets: Float64Array.from(relative, (reward, index) => reward - expected[index]!),
    weights: Float64Array.from(expected, (share) => share * (1 - share)),
  };
}

function addSize(sizes: Float64Array, reward: number): void {
  const count = Math.min(MEMORY, sizes[0]! + 1);
  sizes[0] = count;
  sizes[1]! += (Math.abs(reward) - sizes[1]!) / count;
  sizes[2]! += (reward * reward - sizes[2]!) / count;
}

function addRate(places: Float64Array, place: number, earned: number): void {
  const count = Math.min(MEMORY, places[place * 2]! + 1);
  places[place * 2] = count;
  places[place * 2 + 1]! += (earned - places[place * 2 + 1]!) / count;
}

function oddsOf(places: Float64Array, place: number): number {
  const [count, mean] = [places[place * 2]!, places[place * 2 + 1]!];
  const rate = (count * mean + FIRST_COUNT * FIRST_RATE) / (count + FIRST_COUNT);
  return rate / (1 - rate + 1e-3);
}

/** Bounds of log λ, and halvings until it is exact to rounding. */
const [LOG_LAMBDA, HALVINGS] = [40, 60];

/** Returns shares with these odds, up to a common factor, whose sum is `total`; all 0 or all 1 at its ends. */
function shareOut(total: number, odds: readonly number[]): Float64Array {
  if (total <= 0) return new Float64Array(odds.length);
  if (total >= odds.length) return new Float64Array(odds.length).fill(1);
  let [low, high] = [-LOG_LAMBDA, LOG_LAMBDA];
  const sharesAt = (logLambda: number): Float64Array => {
    const lambda = Math.exp(logLambda);
    return Float64Array.from(odds, (one) => (lambda * one) / (1 + lambda * one));
  };
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (low + high) / 2;
    const sum = sharesAt(middle).reduce((whole, one) => whole + one, 0);
    if (sum < total) low = middle;
    else high = middle;
  }
  return sharesAt((low + high) / 2);
}
