import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Figures } from '../figures/figures.ts';

/** What one person did with a slate. */
export interface CrowdSlate {
  readonly userId: string;
  /** The policy that chose it, with its settings. */
  readonly policy: string;
  readonly look: string;
  /** By slot: the models that proposed the item, and what the person did. */
  readonly slots: readonly {
    readonly models: readonly string[];
    readonly isSeen: boolean;
    readonly isClicked: boolean;
  }[];
}

/** Slates over which a rate is taken when it is followed over time. */
const WINDOW = 200;
/** The share of the last rate that counts as converged. */
const CONVERGED = 0.95;
/** Resamples of the bootstrap, and the confidence level of its intervals. */
const DRAWS = 400;
const CONFIDENCE = 0.95;

/** Policies that show the order of one feature, such as the rank of one model. */
function isSingle(policy: string): boolean {
  return policy.startsWith('fixed(');
}

/** A slate with the number of times that a resample has its person. */
interface Counted {
  readonly visit: CrowdSlate;
  readonly clicks: number;
  readonly times: number;
}

/**
 * Click-through rates, clicks a slate and looks. `lift` compares the policy that is not fixed and had most slates with the best fixed order of a
 * single model, both before the drift, learning included; without one, its last quarter before the drift with its own first slates.
 * `impressionsToConverge` is the number of its slates until a window of them first has 95 % of the rate of that last quarter; `driftRecovery` the share of
 * the loss at the drift that its last slates have won back. Fields `low` and `high`, and those of these names, are 95 % intervals by bootstrap over
 * people, in which the best single model is that of the resample, so that its choice is part of the interval.
 * @param driftAt number of slates before the drift
 */
export function tallyOf(visits: readonly CrowdSlate[], driftAt: number): Figures {
  const once = visits.map((visit) => ({ visit, clicks: clicksOf(visit), times: 1 }));
  const policies = [...new Set(visits.map(({ policy }) => policy))];
  const policy = mainPolicy(visits);
  const point = keyFigures(once, driftAt, policy);
  const resampled = resample(once, (counted) => ({
    ...keyFigures(counted, driftAt, policy),
    ...Object.fromEntries(
      policies.map((name) => [name, rate(counted.filter((one) => one.visit.policy === name))]),
    ),
  }));
  const interval = (name: string) => intervalOf(resampled.map((figures) => figures[name]!));
  const [lift, recovery] = [interval('lift'), interval('driftRecovery')];
  return {
    ctr: policies.map((name) => ({
      policy: name,
      slates: visits.filter((visit) => visit.policy === name).length,
      ctr: rate(once.filter(({ visit }) => visit.policy === name)),
      ...interval(name),
      ...Object.fromEntries(
        [...Map.groupBy(once, ({ visit }) => visit.look)].map(([look, some]) => [
          look,
          rate(some.filter(({ visit }) => visit.policy === name)),
        ]),
      ),
    })),
    ctrByModel: byModel(visits),
    policy,
    lift: point.lift,
    liftLow: lift.low,
    liftHigh: lift.high,
    liftOver: hasSingle(visits) ? 'the best order of a single model' : 'its first slates',
    impressionsToConverge: convergedAt(once.slice(0, driftAt).filter(({ visit }) => visit.policy === policy)),
    driftRecovery: point.driftRecovery,
    driftRecoveryLow: recovery.low,
    driftRecoveryHigh: recovery.high,
    driftLoss: point.driftLoss,
    afterDrift: visits.slice(driftAt).filter((visit) => visit.policy === policy).length,
  };
}

function mainPolicy(visits: readonly CrowdSlate[]): string {
  const learned = [...Map.groupBy(visits, ({ policy }) => policy)].filter(([policy]) => !isSingle(policy));
  return learned.sort(([, a], [, b]) => b.length - a.length)[0]?.[0] ?? 'none';
}

function hasSingle(visits: readonly CrowdSlate[]): boolean {
  return visits.some(({ policy }) => isSingle(policy));
}

/** @param driftAt number of slates before the drift */
function keyFigures(
  counted: readonly Counted[],
  driftAt: number,
  policy: string,
): Record<'lift' | 'driftRecovery' | 'driftLoss', number> {
  const isMain = ({ visit }: Counted) => visit.policy === policy;
  const before = counted.slice(0, driftAt);
  const first = before.filter(isMain);
  const settled = first.slice(-Math.max(1, Math.floor(first.length / 4)));
  const after = counted.slice(driftAt).filter(isMain);
  const reached = rate(settled);
  const single = [...Map.groupBy(before, ({ visit }) => visit.policy)].filter(([name]) => isSingle(name));
  const isAlone = single.length === 0;
  const base = isAlone ? rate(first.slice(0, WINDOW)) : Math.max(...single.map(([, own]) => rate(own)));
  const atOnce = rate(after.slice(0, WINDOW));
  const loss = reached - atOnce;
  return {
    lift: base === 0 ? 0 : (isAlone ? reached : rate(first)) / base - 1,
    driftRecovery: loss <= 0 ? 1 : (rate(after.slice(-WINDOW)) - atOnce) / loss,
    driftLoss: loss,
  };
}

/** Computes figures of slates of people drawn with replacement, in the order of time. */
function resample(
  once: readonly Counted[],
  figuresOf: (counted: readonly Counted[]) => Record<string, number>,
): Record<string, number>[] {
  const random = createRandom('tally');
  const people = [...new Set(once.map(({ visit }) => visit.userId))];
  const numbers = new Map(people.map((userId, number) => [userId, number]));
  const person = once.map(({ visit }) => numbers.get(visit.userId)!);
  return Array.from({ length: DRAWS }, () => {
    const times = new Uint32Array(people.length);
    for (let i = 0; i < people.length; i++) times[random.integer(people.length)]!++;
    return figuresOf(once.map((one, index) => ({ ...one, times: times[person[index]!]! })));
  });
}

function intervalOf(values: readonly number[]): { low: number; high: number } {
  const tail = (1 - CONFIDENCE) / 2;
  return { low: quantile(values, tail), high: quantile(values, 1 - tail) };
}

function clicksOf({ slots }: CrowdSlate): number {
  return slots.filter(({ isClicked }) => isClicked).length;
}

/** Clicks a slate. */
function rate(counted: readonly Counted[]): number {
  let [sum, slates] = [0, 0];
  for (const { clicks, times } of counted) {
    sum += clicks * times;
    slates += times;
  }
  return slates === 0 ? 0 : sum / slates;
}

/** Of the slots that a model proposed, alone or with others: clicks a look. */
function byModel(visits: readonly CrowdSlate[]): Figures[] {
  const models = new Map<string, { looks: number; clicks: number }>();
  for (const { slots } of visits) {
    for (const { models: own, isSeen, isClicked } of slots) {
      for (const model of own) {
        const sums = models.get(model) ?? { looks: 0, clicks: 0 };
        models.set(model, sums);
        if (isSeen) sums.looks++;
        if (isClicked) sums.clicks++;
      }
    }
  }
  return [...models].map(([model, sums]) => ({
    model,
    ...sums,
    ctr: sums.looks === 0 ? 0 : sums.clicks / sums.looks,
  }));
}

/** @param visits of one policy before the drift */
function convergedAt(visits: readonly Counted[]): number {
  const reached = rate(visits.slice(-Math.max(1, Math.floor(visits.length / 4))));
  let sum = 0;
  for (const [index, { clicks }] of visits.entries()) {
    sum += clicks - (visits[index - WINDOW]?.clicks ?? 0);
    if (index + 1 >= WINDOW && sum / WINDOW >= CONVERGED * reached) return index + 1;
  }
  return visits.length;
}
