import { effectiveUsersOf, LEAST_EFFECTIVE_USERS } from '#algorithms/evaluation/effective-users.ts';
import { coverageOfEqualArms, type UserOutcome } from '#algorithms/experiments/equal-arms.ts';
import { anytimeInterval } from '#algorithms/experiments/intervals.ts';
import { sampleRatioPValue } from '#algorithms/experiments/sample-ratio.ts';
import { addUser, emptyArm, rewardRate } from '#algorithms/experiments/user-means.ts';
import { armOfExposure } from '#contracts/domain/experiments.ts';
import { missingColumn } from '#contracts/domain/fixed-order.ts';
import type { Experiment, Reward, Slate } from '#contracts/generated/records.ts';

/** Below it exposures are lost or added in an arm, and no figure of the experiment holds. */
const LEAST_SAMPLE_RATIO_P = 0.001;
/** Users of the control arm from which A/A tests are made. */
const LEAST_USERS_FOR_EQUAL_ARMS = 20;

interface Exposed {
  readonly arm: string;
  readonly userId: string;
  reward: number;
  isSettled: boolean;
}

/** The slates of an experiment with what they earned; slates and rewards are noted in any order. */
export class ExperimentOutcomes {
  readonly #experiment: Experiment;
  readonly #slates = new Map<string, Exposed>();
  /** Rewards whose slate has not been noted yet. */
  readonly #early = new Map<string, number>();

  /** What the arm had learned at its newest slate. */
  readonly #learned = new Map<string, { servedAt: number; observations: number; posteriorId: string }>();

  /** By arm, the slates that were not ordered by the column of its policy, because no candidate had it. */
  readonly #withoutColumn = new Map<string, number>();

  constructor(experiment: Experiment) {
    this.#experiment = experiment;
  }

  noteSlate(noted: Slate): void {
    const { slateId, userId, experiment, servedAt, observations, posteriorId } = noted;
    const { name, startedAt } = this.#experiment;
    const arm = armOfExposure(experiment, name);
    if (arm === undefined || servedAt < startedAt || this.#slates.has(slateId)) return;
    const before = this.#learned.get(arm);
    if (before === undefined || before.servedAt <= servedAt)
      this.#learned.set(arm, { servedAt, observations, posteriorId });
    if (noted.slots.length > 0 && missingColumn(noted.policy, noted.featureNames) !== undefined)
      this.#withoutColumn.set(arm, (this.#withoutColumn.get(arm) ?? 0) + 1);
    const early = this.#early.get(slateId);
    this.#early.delete(slateId);
    this.#slates.set(slateId, { arm, userId, reward: early ?? 0, isSettled: early !== undefined });
  }

  noteReward({ slateId, reward }: Pick<Reward, 'slateId' | 'reward'>): void {
    const slate = this.#slates.get(slateId);
    if (slate === undefined) {
      this.#early.set(slateId, (this.#early.get(slateId) ?? 0) + reward);
      return;
    }
    slate.reward += reward;
    slate.isSettled = true;
  }

  /** Rewards in the posterior of the newest slate of an arm, and its id; null without one. */
  learnedBy(arm: string): { readonly observations: number; readonly posteriorId: string } | null {
    const found = this.#learned.get(arm);
    return found === undefined ? null : { observations: found.observations, posteriorId: found.posteriorId };
  }

  /** Slates of an arm with a fixed order whose candidates lacked its column, so that expected rewards ordered them. */
  withoutColumn(arm: string): number {
    return this.#withoutColumn.get(arm) ?? 0;
  }

  /** The settled slates of each user, by arm in the order of the experiment, and how many slates wait for their rewards. */
  byArm(): { readonly users: UserOutcome[][]; readonly waiting: number[]; readonly unknownArms: number } {
    const { arms } = this.#experiment;
    const sums = arms.map(() => new Map<string, { slates: number; rewards: number }>());
    const waiting = arms.map(() => 0);
    let unknownArms = 0;
    for (const { arm, userId, reward, isSettled } of this.#slates.values()) {
      const index = arms.findIndex(({ name }) => name === arm);
      if (index < 0) unknownArms++;
      else if (!isSettled) waiting[index]!++;
      else {
        const own = sums[index]!.get(userId) ?? { slates: 0, rewards: 0 };
        sums[index]!.set(userId, { slates: own.slates + 1, rewards: own.rewards + reward });
      }
    }
    const users = sums.map((byUser) => [...byUser].map(([userId, sum]) => ({ userId, ...sum })));
    return { users, waiting, unknownArms };
  }
}

/** One arm; the rate is known of at least two users, the difference from the control of every other arm. */
export type ArmReport = {
  readonly name: string;
  readonly policy: string;
  readonly share: number;
  readonly users: number;
  readonly slates: number;
  readonly waiting: number;
  readonly rewards: number;
  /** Rewards in the posterior of its newest slate, and the id of that posterior; left out without a slate. */
  readonly observations?: number;
  readonly posteriorId?: string;
  /** Slates that were not in the order of its policy, because no candidate had the column; left out without such slates. */
  readonly withoutColumn?: number;
  /** Users with equally many slates each that would say as much of the mean: (Σ slates)²/Σ slates². An arm leads or trails from 20 on. */
  readonly effectiveUsers: number;
  readonly isKnown: boolean;
  readonly rewardRate?: number;
  readonly difference?: number;
  readonly low?: number;
  readonly high?: number;
};

/** A type, not an interface, so that it can be printed as figures. */
export type ExperimentReport = {
  readonly experiment: string;
  readonly state: string;
  /** Whether arms share what is learned: shared, apart. */
  readonly learning: string;
  readonly startedAt: string;
  readonly arms: readonly ArmReport[];
  readonly sampleRatio: { readonly pValue: number; readonly isRight: boolean };
  readonly isAATest: boolean;
  readonly aa?: {
    readonly repetitions: number;
    readonly covered: number;
    readonly coveredAtAnyTime: number;
  };
  readonly unknownArms: number;
  readonly verdict: string;
};

/**
 * What an experiment shows so far. `difference` is the reward a slate above that of the control, `low` and `high` its 95 % interval, which
 * stays valid however often the report is read. No arm leads while the sample ratio is off, because then users are missing, nor while a few users
 * have most slates of the arm or of the control.
 */
export function reportOf(experiment: Experiment, outcomes: ExperimentOutcomes): ExperimentReport {
  const { users, waiting, unknownArms } = outcomes.byArm();
  const rates = users.map((own) => {
    const arm = emptyArm();
    for (const { slates, rewards } of own) addUser(arm, slates, rewards);
    return { ...arm, ...rewardRate(arm) };
  });
  const control = rates[0]!;
  const arms = experiment.arms.map(({ name, policy, share }, index): ArmReport => {
    const arm = rates[index]!;
    const sums = {
      name,
      policy,
      share,
      users: arm.users,
      slates: arm.slates,
      waiting: waiting[index]!,
      rewards: arm.rewards,
      effectiveUsers: effectiveUsersOf(arm.slates, arm.slateSquares),
      ...outcomes.learnedBy(name),
      ...(outcomes.withoutColumn(name) > 0 && { withoutColumn: outcomes.withoutColumn(name) }),
    };
    if (arm.users < 2 || control.users < 2) return { ...sums, isKnown: false };
    const rate = { ...sums, isKnown: true, rewardRate: arm.mean };
    if (index === 0) return rate;
    const difference = arm.mean - control.mean;
    const { low, high } = anytimeInterval(
      difference,
      arm.variance + control.variance,
      arm.users + control.users,
    );
    return { ...rate, difference, low, high };
  });
  const counts = rates.map((arm) => arm.users);
  const pValue = sampleRatioPValue(
    counts,
    experiment.arms.map(({ share }) => share),
  );
  const isRatioRight = pValue >= LEAST_SAMPLE_RATIO_P;
  const isEqual = experiment.arms.every(({ policy }) => policy === experiment.arms[0]!.policy);
  const hasControl = users[0]!.length >= LEAST_USERS_FOR_EQUAL_ARMS;
  return {
    experiment: experiment.name,
    state: experiment.state,
    learning: experiment.learning,
    startedAt: new Date(experiment.startedAt).toISOString(),
    arms,
    sampleRatio: { pValue, isRight: isRatioRight },
    isAATest: isEqual,
    ...(hasControl && { aa: coverageOfEqualArms(users[0]!) }),
    unknownArms,
    verdict: verdictOf(arms, isRatioRight),
  };
}

function verdictOf(
  arms: readonly {
    readonly name: string;
    readonly effectiveUsers: number;
    readonly isKnown: boolean;
    readonly low?: number;
    readonly high?: number;
    readonly difference?: number;
  }[],
  isRatioRight: boolean,
): string {
  if (!isRatioRight)
    return 'The users are not divided in the shares of the arms: find out where exposures are lost before you read a difference.';
  const few = arms.filter(({ isKnown, effectiveUsers }) => isKnown && effectiveUsers < LEAST_EFFECTIVE_USERS);
  if (few[0] !== undefined && few[0] === arms[0]) return tooFew(few.slice(0, 1));
  const enough = arms.filter((arm) => !few.includes(arm));
  const better = enough.filter(({ low }) => low !== undefined && low > 0);
  const [best] = better.sort((a, b) => b.difference! - a.difference!);
  if (best !== undefined) return `${best.name} earns more than the control.`;
  const worse = enough.filter(({ high }) => high !== undefined && high < 0).map(({ name }) => name);
  if (worse.length > 0) return `${worse.join(', ')}: less than the control.`;
  return few.length > 0 ? tooFew(few) : 'No difference is certain yet.';
}

function tooFew(arms: readonly { readonly name: string; readonly effectiveUsers: number }[]): string {
  const users = arms.map(({ name, effectiveUsers }) => `those of ${name} like ${Math.round(effectiveUsers)}`);
  return `No difference is certain yet: slates must count like those of ${LEAST_EFFECTIVE_USERS} users with equally many, and ${users.join(', ')}.`;
}
