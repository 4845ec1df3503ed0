import { quantile } from '#algorithms/evaluation/quantile.ts';
import { createRandom } from '#algorithms/random.ts';
import type { Figures } from '../figures/figures.ts';

/** What one person did with a slate. */
export interface CrowdSlate {
  readonly userId: string;
  /** The policy that chose it, with its settings. */
  readonly policy: string;
  readonly look: string;
  /** Clicks that the person makes on this slate in the mean, by what they want and how they look. */
  readonly expected: number;
  /** Clicks that the person makes in the mean on a slate that is the same for all people: how easily they are pleased. */
  readonly easy: number;
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
/** Parts of the slates before the drift, in the order of time. */
const QUARTERS = [0, 1, 2, 3] as const;

/** Policies that show the order of one feature, such as the rank of one model. */
function isSingle(policy: string): boolean {
  return policy.startsWith('fixed(');
}

/** A slate with the number of times that a resample has its person. */
interface Counted {
  readonly visit: CrowdSlate;
  readonly times: number;
}

/** A number of a slate, such as its clicks. */
type Of = (visit: CrowdSlate) => number;

const clicks: Of = ({ slots }) => slots.filter(({ isClicked }) => isClicked).length;
const expected: Of = (visit) => visit.expected;
const easy: Of = (visit) => visit.easy;

/**
 * Click-through rates, clicks a slate and looks. All further figures are of expected clicks, which have less chance in them: the probabilities of
 * the people, of the slates that they were shown. Lifts are moreover adjusted for how easily the people of each arm are pleased. `lift` compares the policy that is not fixed and had most slates with the best fixed order of
 * a single model, both before the drift, learning included, `liftOfLastQuarter` in the last quarter before it; without a fixed order, this quarter is
 * compared with the first. `impressionsToConverge` is the number of its slates until a window of them first has 95 % of its rate in the last quarter, both
 * relative to the fixed orders at the same time, because people tire. `driftRecovery` is the share of the loss at the drift that its last
 * slates have won back; it is known if the interval of `driftLoss` is above 0. Fields `low` and `high`, and those whose names end so, are 95 %
 * intervals by bootstrap over people, in which the best single model is that of the resample, so that its choice is part of the interval.
 * @param driftAt number of slates before the drift
 */
export function tallyOf(visits: readonly CrowdSlate[], driftAt: number): Figures {
  const once = visits.map((visit) => ({ visit, times: 1 }));
  const policies = [...Map.groupBy(once, ({ visit }) => visit.policy)];
  const policy = mainPolicy(visits);
  const before = once.slice(0, driftAt);
  const adjusted = adjustedFor(before);
  const point = keyFigures(once, driftAt, policy, adjusted);
  const resampled = resample(once, (counted) => ({
    ...keyFigures(counted, driftAt, policy, adjusted),
    ...Object.fromEntries(policies.map(([name]) => [name, rate(counted.filter(isOf(name)), clicks)])),
  }));
  const interval = (name: string) => intervalOf(resampled.map((figures) => figures[name]!));
  const ctr = policies.map(([name, own]) => ({
    policy: name,
    slates: own.length,
    ctr: rate(own, clicks),
    ...interval(name),
    expected: rate(own, expected),
    adjusted: rate(before.filter(isOf(name)), adjusted),
    ...Object.fromEntries(
      [...Map.groupBy(own, ({ visit }) => visit.look)].map(([look, some]) => [look, rate(some, expected)]),
    ),
    quarters: QUARTERS.map((quarter) => rate(quarterOf(before, quarter).filter(isOf(name)), expected)),
  }));
  const keyed = Object.entries(point).flatMap(([name, value]) => {
    const { low, high } = interval(name);
    return [
      [name, value],
      [`${name}Low`, low],
      [`${name}High`, high],
    ] as const;
  });
  return {
    ctr,
    ctrByModel: byModel(visits),
    policy,
    ...Object.fromEntries(keyed),
    liftOver: hasSingle(visits) ? 'the best order of a single model' : 'its first quarter',
    impressionsToConverge: convergedAt(before, policy),
    driftIsKnown: interval('driftLoss').low > 0,
    afterDrift: once.slice(driftAt).filter(isOf(policy)).length,
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
  adjusted: Of,
): Record<'lift' | 'liftOfLastQuarter' | 'driftRecovery' | 'driftLoss', number> {
  const before = counted.slice(0, driftAt);
  const after = counted.slice(driftAt).filter(isOf(policy));
  const last = quarterOf(before, QUARTERS.at(-1)!);
  const atOnce = rate(after.slice(0, WINDOW), expected);
  const loss = rate(last.filter(isOf(policy)), expected) - atOnce;
  const lift = hasSingle(counted.map(({ visit }) => visit))
    ? liftOf(before, policy, adjusted)
    : above(
        rate(last.filter(isOf(policy)), expected),
        rate(quarterOf(before, 0).filter(isOf(policy)), expected),
      );
  return {
    lift,
    liftOfLastQuarter: liftOf(last, policy, adjusted),
    driftRecovery: loss <= 0 ? 1 : (rate(after.slice(-WINDOW), expected) - atOnce) / loss,
    driftLoss: loss,
  };
}

/** Of the policy over the best order of a single model; 0 without one. */
function liftOf(counted: readonly Counted[], policy: string, of: Of): number {
  const single = [...Map.groupBy(counted, ({ visit }) => visit.policy)].filter(([name]) => isSingle(name));
  const best = Math.max(0, ...single.map(([, own]) => rate(own, of)));
  return above(rate(counted.filter(isOf(policy)), of), best);
}

/**
 * Expected clicks less what the person makes more of any slate than others do, by the regression within policies: people are divided by their
 * ids, so that what they are like has nothing to do with the policy but by chance (Deng et al. 2013).
 */
function adjustedFor(counted: readonly Counted[]): Of {
  let [products, squares] = [0, 0];
  for (const [, own] of Map.groupBy(counted, ({ visit }) => visit.policy)) {
    const [meanOfClicks, meanOfEase] = [rate(own, expected), rate(own, easy)];
    for (const { visit } of own) {
      products += (visit.expected - meanOfClicks) * (visit.easy - meanOfEase);
      squares += (visit.easy - meanOfEase) ** 2;
    }
  }
  const slope = squares === 0 ? 0 : products / squares;
  const usual = rate(counted, easy);
  return (visit) => visit.expected - slope * (visit.easy - usual);
}

function above(value: number, base: number): number {
  return base === 0 ? 0 : value / base - 1;
}

function isOf(policy: string): (counted: Counted) => boolean {
  return ({ visit }) => visit.policy === policy;
}

/** @param quarter 0 to 3 */
function quarterOf<T>(all: readonly T[], quarter: number): readonly T[] {
  const at = (number: number) => Math.floor((number * all.length) / QUARTERS.length);
  return all.slice(at(quarter), at(quarter + 1));
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

/** The mean of a number over slates; 0 without a slate. */
function rate(counted: readonly Counted[], of: Of): number {
  let [sum, slates] = [0, 0];
  for (const { visit, times } of counted) {
    sum += of(visit) * times;
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

/** @param before all slates before the drift */
function convergedAt(before: readonly Counted[], policy: string): number {
  const isFixed = ({ visit }: Counted) => isSingle(visit.policy);
  const relative = (some: readonly Counted[]) => {
    const own = rate(some.filter(isOf(policy)), expected);
    const fixed = rate(some.filter(isFixed), expected);
    return fixed === 0 ? own : own / fixed;
  };
  const enough = CONVERGED * relative(quarterOf(before, QUARTERS.at(-1)!));
  const places = [...before.keys()].filter((place) => before[place]!.visit.policy === policy);
  for (let count = WINDOW; count <= places.length; count++) {
    if (relative(before.slice(places[count - WINDOW], places[count - 1]! + 1)) >= enough) return count;
  }
  return places.length;
}
