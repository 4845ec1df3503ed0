import { armOf } from './arms.ts';
import { anytimeInterval, type Bounds, fixedInterval } from './intervals.ts';
import { addUser, emptyArm, rewardRate } from './user-means.ts';

/** All slates of one user. */
export interface UserOutcome {
  readonly userId: string;
  readonly slates: number;
  readonly rewards: number;
}

/** How many intervals of the difference between two arms that are equal contain 0. */
export interface EqualArms {
  readonly repetitions: number;
  /** Of the intervals for one look at the end; 95 of 100 are expected. */
  readonly covered: number;
  /** Of the intervals for looks at any time, which are wider. */
  readonly coveredAtAnyTime: number;
}

const HALVES = [
  { name: 'a', share: 1 },
  { name: 'b', share: 1 },
];

/**
 * A/A tests: users that had one policy are divided into two arms, by the hash of another experiment each time. It shows whether the intervals
 * are right for these very users.
 */
export function coverageOfEqualArms(users: readonly UserOutcome[], repetitions = 100): EqualArms {
  let [covered, coveredAtAnyTime] = [0, 0];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    const arms = HALVES.map(emptyArm);
    for (const { userId, slates, rewards } of users) {
      const arm = armOf(`equal-arms-${repetition}`, HALVES, userId);
      if (slates > 0) addUser(arms[arm]!, slates, rewards);
    }
    const [a, b] = arms.map(rewardRate);
    const [difference, variance] = [b!.mean - a!.mean, a!.variance + b!.variance];
    if (hasZero(fixedInterval(difference, variance))) covered++;
    if (hasZero(anytimeInterval(difference, variance, users.length))) coveredAtAnyTime++;
  }
  return { repetitions, covered, coveredAtAnyTime };
}

function hasZero({ low, high }: Bounds): boolean {
  return low <= 0 && high >= 0;
}
