import { meanWeights, scoreRows } from '#algorithms/bandit/choice.ts';
import type { Posterior } from '#algorithms/bandit/linear.ts';
import { judge } from '#algorithms/bandit/ope/estimate.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { readRerankConfig } from '../../../services/rerank/config.ts';
import { POLICIES } from '../../../services/rerank/policies/registry.ts';
import { POLICY_SETTINGS, selectPolicy } from '../../../services/rerank/policies/select.ts';
import type { Figures } from '../../figures/figures.ts';
import { type SyntheticLog, startObpPeer, syntheticLog } from '../ope/obp-peer.ts';
import { learnLinear, learnLogistic, taskTable } from './task.ts';

const TASK = { actions: 10, dim: 5, seed: 1, rounds: 5_000, beta: 0 };
const FROM = TASK.rounds / 2;
const VOWPAL_WABBIT = '--cb_explore_adf --cb_type mtr -q UA --quiet --random_seed 1';
/** Choices of a policy by which its probabilities are counted, each in one round. */
const CHOICES = 48;
const NEWTON_STEPS = 2;

/** Probability of each action, rounds of the second half × actions. */
type Probabilities = readonly ArrayLike<number>[];

/**
 * The synthetic task of the Open Bandit Pipeline: policies learn from the first half of a uniform log, are frozen, and are valued on the
 * second half. `trueValue` is by the expected rewards, `dr` the doubly robust estimate from the rewards with its 95 % interval. Our rows are
 * the product's policies with its default settings, on the posterior of its linear learner and on that of the logistic one.
 */
export async function measure(): Promise<Figures> {
  const peer = await startObpPeer();
  try {
    const log = await syntheticLog(peer, TASK);
    const config = readRerankConfig();
    const learners: Record<string, Posterior> = {
      linear: learnLinear(log, FROM, config),
      logistic: learnLogistic(log, FROM, NEWTON_STEPS),
    };
    const random = createRandom('bandit');
    const expected = expectedRewards(log, learners.linear!);
    const rows: ({ name: string; trueValue: number } & Figures)[] = [];
    const value = (name: string, probabilities: Probabilities) => {
      rows.push({ name, ...judgedValue(log, probabilities, expected, random.fork(name)) });
      console.error(`  ${name}: ${rows.at(-1)!.trueValue.toFixed(4)}`);
    };
    const uniform = new Float64Array(TASK.actions).fill(1 / TASK.actions);
    value(
      'random',
      log.action.slice(FROM).map(() => uniform),
    );
    for (const [learner, posterior] of Object.entries(learners))
      for (const { name } of POLICIES)
        value(
          `${name}, ${learner}`,
          probabilitiesOf(log, name, posterior, random.fork(`${name} ${learner}`)),
        );
    const { probabilities } = await peer.ask<{ probabilities: number[][] }>({
      task: 'vowpal-wabbit',
      arguments: VOWPAL_WABBIT,
      from: FROM,
      actions: TASK.actions,
      ...log,
    });
    value('Vowpal Wabbit', probabilities);
    const best = rows.reduce((a, b) => (b.trueValue > a.trueValue ? b : a)).name;
    const defaultPolicy = `${config.policy.label.replace(/\(.*/, '')}, linear`;
    return {
      policies: rows,
      best,
      default: { name: defaultPolicy, trueValue: rows.find(({ name }) => name === defaultPolicy)!.trueValue },
      bestPossible: mean(log.expected.slice(FROM).map((rewards) => Math.max(...rewards))),
      data: TASK,
    };
  } finally {
    await peer.stop();
  }
}

/** Counts what the policy shows on top. Thompson sampling draws one list at a time, which has the same distribution. */
function probabilitiesOf(
  log: SyntheticLog,
  name: string,
  posterior: Posterior,
  random: Random,
): Probabilities {
  const defaults = Object.entries(POLICY_SETTINGS).map(([key, { fallback }]) => [key, fallback]);
  const settings = { ...Object.fromEntries(defaults), 'thompson.draws': 1 };
  const policy = selectPolicy(name, settings).create(posterior);
  return log.action.slice(FROM).map((_, i) => {
    const table = taskTable(log, FROM + i);
    const shares = new Float64Array(TASK.actions);
    for (let choice = 0; choice < CHOICES; choice++)
      shares[policy.choose(table, 1, random).order[0]!]! += 1 / CHOICES;
    return shares;
  });
}

/** Rewards that the learner expects of each action, by round of the second half, which it did not see. */
function expectedRewards(log: SyntheticLog, posterior: Posterior): Float64Array[] {
  return log.action.slice(FROM).map((_, i) => {
    const table = taskTable(log, FROM + i);
    return scoreRows(table, meanWeights(posterior, table.columns));
  });
}

function judgedValue(
  log: SyntheticLog,
  probabilities: Probabilities,
  model: readonly Float64Array[],
  random: Random,
) {
  const actions = log.action.slice(FROM);
  const judged = Float64Array.from(actions, (action, i) => probabilities[i]![action]!);
  const logged = Float64Array.from(log.propensity.slice(FROM));
  const shown = Float64Array.from(actions, (action, i) => model[i]![action]!);
  const average = Float64Array.from(probabilities, (law, i) => dot(law, model[i]!));
  const slates = {
    users: Int32Array.from(actions.keys()),
    slots: 1,
    rewards: Float64Array.from(log.reward.slice(FROM)),
    logged: { slot: logged, given: logged },
    judged: { slot: judged, given: judged },
  };
  const expected = { shown, slot: average, given: average };
  const { values, ...support } = judge(slates, { looking: 'slot', random, expected });
  const { value, low, high } = values.get('doubly-robust')!;
  const trueValue = mean(probabilities.map((law, i) => dot(law, log.expected[FROM + i]!)));
  const { meanWeight, effectiveSampleSize } = support;
  return { trueValue, dr: value, low, high, meanWeight, effectiveSampleSize };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
