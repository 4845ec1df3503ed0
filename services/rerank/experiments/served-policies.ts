import type { RerankConfig } from '../config.ts';
import type { ReadPosterior } from '../learning/posterior.ts';
import type { ServedPolicy } from '../slate.ts';
import { selectArmPolicy } from './arm-policy.ts';
import { servedPolicies } from './served-arm.ts';

/** The policy of an arm by its name, empty for the one that the stage is set to, and by what it learns from. */
export type PolicyOfArm = (name: string, learner?: string) => ServedPolicy;

/** Returns a reader of the policies on the newest posterior. They are the same objects as long as the posterior is. */
export function policiesOfPosterior(
  readLearned: () => Promise<ReadPosterior>,
  config: RerankConfig,
): () => Promise<PolicyOfArm> {
  let last: { readonly learned: ReadPosterior; readonly of: PolicyOfArm } | undefined;
  return async () => {
    const learned = await readLearned();
    if (last?.learned !== learned)
      last = { learned, of: servedPolicies((name, learner) => policyOn(learned, name, learner, config)) };
    return last.of;
  };
}

/** Throws RangeError for a policy that this version does not have. */
function policyOn(read: ReadPosterior, name: string, learner: string, config: RerankConfig): ServedPolicy {
  const { posterior, observations, id, offsets } = read.of(learner);
  const policy = name === '' ? config.policy : selectArmPolicy(name, config);
  if ('reason' in policy) throw new RangeError(policy.reason);
  return {
    label: policy.label,
    policy: policy.create(posterior),
    posterior,
    observations,
    policyId: policy.idWith(config.deciding),
    posteriorId: id,
    rewardOffsets: offsets,
    learner,
    epsilon: config.supportEpsilon,
    interactions: config.terms.interactions,
  };
}
