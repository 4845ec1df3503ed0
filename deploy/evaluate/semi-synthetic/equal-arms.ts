import { armOf } from '#algorithms/experiments/arms.ts';
import { anytimeInterval, type Bounds, fixedInterval } from '#algorithms/experiments/intervals.ts';
import { addUser, emptyArm, rewardRate } from '#algorithms/experiments/user-means.ts';
import type { Figures } from '../../figures/figures.ts';
import type { Household } from './households.ts';
import type { Visit } from './learning-run.ts';

const REPETITIONS = 100;
const ARMS = [
  { name: 'a', share: 1 },
  { name: 'b', share: 1 },
];

/**
 * A/A tests: the same slates, with the households divided into two arms by the hash of another experiment each time. Returns how many of 100
 * intervals of the difference in clicks a slate contain 0: for one look at the end, and for looks at any time.
 */
export function coverageOfEqualArms(visits: readonly Visit[], households: readonly Household[]): Figures {
  const slates = new Float64Array(households.length);
  const clicks = new Float64Array(households.length);
  for (const visit of visits) {
    slates[visit.household]!++;
    clicks[visit.household]! += visit.clicks;
  }
  const covers = ({ low, high }: Bounds) => low <= 0 && high >= 0;
  let [fixed, anytime] = [0, 0];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const arms = ARMS.map(emptyArm);
    for (const [number, { userId }] of households.entries()) {
      if (slates[number] === 0) continue;
      addUser(arms[armOf(`equal-arms-${repetition}`, ARMS, userId)]!, slates[number]!, clicks[number]!);
    }
    const [a, b] = arms.map(rewardRate);
    const [difference, variance] = [b!.mean - a!.mean, a!.variance + b!.variance];
    if (covers(fixedInterval(difference, variance))) fixed++;
    if (covers(anytimeInterval(difference, variance, households.length))) anytime++;
  }
  return { covered: fixed, coveredAtAnyTime: anytime };
}
