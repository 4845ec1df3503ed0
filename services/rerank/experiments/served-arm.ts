import { armOf } from '#algorithms/experiments/arms.ts';
import { type ExperimentBook, type ExperimentsInForce, exposureOf } from '#contracts/domain/experiments.ts';
import { faultSentence } from '#contracts/fault.ts';
import type { Experiment } from '#contracts/generated/records.ts';

/** The policy that chooses the slate of a user, and what the slate says of it. */
export interface ServedArm {
  /** Name of the policy; empty for the policy that the stage is set to. */
  readonly policy: string;
  /** Experiment and arm; null outside an experiment. */
  readonly exposure: string | null;
  /** The exposure if its arm learns apart; else empty. */
  readonly learner: string;
}

/** The arm of the running experiment, else the promoted arm, else the policy that the stage is set to. */
export function servedArm({ running, promoted }: ExperimentsInForce, userId: string): ServedArm {
  if (running === undefined) return { policy: promoted?.policy ?? '', exposure: null, learner: '' };
  const { name, arms, learning } = running;
  const arm = arms[armOf(name, arms, userId)]!;
  const exposure = exposureOf(name, arm.name);
  return { policy: arm.policy, exposure, learner: learning === 'apart' ? exposure : '' };
}

/** The policies of one state of learning by name and learner, each created when it is first asked for. */
export function servedPolicies<P>(
  create: (name: string, learner: string) => P,
): (name: string, learner?: string) => P {
  const byName = new Map<string, P>();
  return (name, learner = '') => {
    const key = JSON.stringify([name, learner]);
    const known = byName.get(key);
    if (known !== undefined) return known;
    const created = create(name, learner);
    byName.set(key, created);
    return created;
  };
}

/**
 * Notes a message of the topic `experiments`. Returns why it is skipped: an invalid record, or an arm with a policy that this version does not
 * have, which would otherwise be served by another policy under its name.
 * @param reasonAgainst returns why a policy cannot be served; undefined if it can
 */
export function declareExperiment(
  book: ExperimentBook,
  key: string,
  value: Experiment | null,
  reasonAgainst: (policy: string) => string | undefined,
): string | undefined {
  for (const { name, policy } of value?.arms ?? []) {
    const reason = policy === '' ? undefined : reasonAgainst(policy);
    if (reason !== undefined) return `arm ${name}: ${reason}`;
  }
  const fault = book.declare(key, value);
  return fault && faultSentence(fault);
}
