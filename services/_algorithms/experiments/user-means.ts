/** What the users of an arm did: sums of users' slates s and rewards r, each user one unit because its slates are not independent. */
export interface ArmSums {
  users: number;
  slates: number;
  rewards: number;
  /** Σ s², Σ s·r and Σ r² over users. */
  slateSquares: number;
  products: number;
  rewardSquares: number;
}

export function emptyArm(): ArmSums {
  return { users: 0, slates: 0, rewards: 0, slateSquares: 0, products: 0, rewardSquares: 0 };
}

/** Adds all slates of one user. */
export function addUser(arm: ArmSums, slates: number, rewards: number): void {
  arm.users++;
  arm.slates += slates;
  arm.rewards += rewards;
  arm.slateSquares += slates * slates;
  arm.products += slates * rewards;
  arm.rewardSquares += rewards * rewards;
}

/** Reward a slate, and the variance of this ratio by the delta method over users (Deng et al. 2018); NaN without two users. */
export function rewardRate({ users, slates, rewards, slateSquares, products, rewardSquares }: ArmSums): {
  readonly mean: number;
  readonly variance: number;
} {
  const mean = rewards / slates;
  const residuals = rewardSquares - 2 * mean * products + mean * mean * slateSquares;
  const variance = users < 2 ? Number.NaN : (residuals / (slates * slates)) * (users / (users - 1));
  return { mean, variance };
}
