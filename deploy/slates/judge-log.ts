import { judge } from '#algorithms/bandit/ope/estimate.ts';
import { type ExpectedRewards, type JudgedSlates, LOOKINGS } from '#algorithms/bandit/ope/judged-slates.ts';
import { nameWinner, refusalOf } from '#algorithms/bandit/ope/winner.ts';
import { createRandom } from '#algorithms/random.ts';
import { missingColumn } from '#contracts/domain/fixed-order.ts';
import { TributaryError } from '#contracts/errors.ts';
import type { CandidateSet, Slate } from '#contracts/generated/records.ts';
import type { RerankConfig } from '../../services/rerank/config.ts';
import { selectArmPolicy } from '../../services/rerank/experiments/arm-policy.ts';
import { lawOfSlate } from '../../services/rerank/slate.ts';
import type { Figures } from '../figures/figures.ts';
import { expectedByModel, type ModelledSlate } from './expected-rewards.ts';
import type { PastPosteriors } from './past-posteriors.ts';
import { candidatesOf, loggedRequest } from './replay.ts';

/** A logged slate with its candidates and what each of its slots earned. */
export interface RewardedSlate {
  readonly slate: Slate;
  readonly set: CandidateSet;
  readonly rewards: readonly number[];
}

/**
 * Judges a policy by the slates that another one chose: it would have had the same candidates, and the posterior of the same moment. The
 * doubly robust estimates use a model of the rewards that is fitted without the user of the slate, and decide the verdict.
 * Throws RangeError for an unknown policy, and TributaryError `replay.impossible` for a fixed order whose feature no candidates have.
 * @param settled in the order of the posteriors of the slates
 * @param policy as slates name it, such as `greedy` or `thompson(draws=8)`
 */
export function judgeLog(
  settled: readonly RewardedSlate[],
  posteriors: PastPosteriors,
  policy: string,
  config: RerankConfig,
): Figures {
  const selected = selectArmPolicy(policy, config);
  if ('reason' in selected) throw new RangeError(selected.reason);
  const withoutColumn = settled.filter(
    ({ set }) => missingColumn(selected.label, set.featureNames) !== undefined,
  ).length;
  if (withoutColumn === settled.length)
    throw new TributaryError(
      'replay.impossible',
      `No logged candidates have the feature of ${selected.label}; they have ${settled[0]!.set.featureNames.join(', ')}.`,
    );
  const slots = Math.max(1, ...settled.map(({ slate }) => slate.slots.length));
  const size = settled.length * slots;
  const filled = () => new Float64Array(size).fill(1);
  const log: JudgedSlates = {
    users: numbersOf(settled.map(({ slate }) => slate.userId)),
    slots,
    rewards: new Float64Array(size),
    logged: { slot: filled(), given: filled() },
    judged: { slot: filled(), given: filled() },
  };
  const modelled: ModelledSlate[] = [];
  for (const [index, { slate, set, rewards }] of settled.entries()) {
    const { posterior, observations } = posteriors.at(set.rewardOffsets, slate.learner);
    const served = {
      label: selected.label,
      policy: selected.create(posterior),
      observations,
      epsilon: config.supportEpsilon,
      interactions: config.terms.interactions,
    };
    const law = lawOfSlate(loggedRequest(slate, set, served, config));
    const rowOf = new Map(set.itemIds.map((itemId, row) => [itemId, row]));
    const order = Int32Array.from(slate.slots, ({ itemId }) => rowOf.get(itemId)!);
    const at = index * slots;
    log.rewards.set(rewards, at);
    log.logged.slot.set(
      slate.slots.map(({ propensity }) => propensity),
      at,
    );
    log.logged.given.set(
      slate.slots.map(({ conditional }) => conditional),
      at,
    );
    log.judged.slot.set(law.marginals(order), at);
    log.judged.given.set(law.conditionals(order), at);
    const { features } = candidatesOf(set);
    modelled.push({ slate, set, features: features.values, law, order, rewards });
  }
  const expected = expectedByModel(modelled, log.users, slots);
  const otherSettings = settled.filter(({ slate }) => !hasSettingsOf(slate, config)).length;
  return {
    policy: selected.label,
    slates: settled.length,
    ...(otherSettings > 0 && { otherSettings, warning: warningOf(otherSettings, settled.length) }),
    ...(withoutColumn > 0 && { withoutColumn }),
    ...figuresOf(log, expected),
  };
}

/** Whether rerank had the settings that are set here when it chose the slate. A policy that this version does not have had others. */
function hasSettingsOf({ policy, policyId }: Slate, config: RerankConfig): boolean {
  const logged = selectArmPolicy(policy, config);
  return 'label' in logged && logged.idWith(config.deciding) === policyId;
}

function warningOf(otherSettings: number, slates: number): string {
  return (
    `${otherSettings} of ${slates} slates were chosen with other settings of rerank than those here: the policy is judged with the rules and the prior ` +
    'that the environment of this command has. Set them as rerank has them, unless they are what you judge.'
  );
}

function figuresOf(log: JudgedSlates, expected: ExpectedRewards): Figures {
  const rows = LOOKINGS.map((looking) => {
    const judgement = judge(log, { looking, random: createRandom('slates'), expected });
    const { values, looking: _looking, ...support } = judgement;
    const { value, low, high } = values.get('self-normalised')!;
    const robust = values.get('doubly-robust')!;
    const verdict = nameWinner(new Map([['the policy', judgement]]), 'doubly-robust');
    return {
      looking,
      ips: values.get('ips')!.value,
      value,
      low,
      high,
      doublyRobust: robust.value,
      doublyRobustLow: robust.low,
      doublyRobustHigh: robust.high,
      lead: robust.lead.value,
      leadLow: robust.lead.low,
      leadHigh: robust.lead.high,
      ...support,
      verdict:
        'winner' in verdict
          ? 'It is better than the policies that logged.'
          : (refusalOf(judgement) ??
            'It has no lead over the policies that logged whose interval is above 0.'),
    };
  });
  const logged = log.rewards.reduce((a, b) => a + b, 0) / log.users.length;
  return { logged, rows };
}

function numbersOf(ids: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(ids, (id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
}
