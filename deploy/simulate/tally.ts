import type { Figures } from '../figures/figures.ts';

/** What one person did with a slate. */
export interface CrowdSlate {
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

/** Policies that show the order of one feature, such as the score of one model. */
function isSingle(policy: string): boolean {
  return policy.startsWith('fixed(');
}

/**
 * Click-through rates, clicks a slate and looks. `lift` compares the policy that is not fixed and had most slates with the best fixed order of a
 * single model, both before the drift, learning included; without one, its last quarter before the drift with its own first slates.
 * `impressionsToConverge` is the number of its slates until a window of them first has 95 % of the rate of that last quarter; `driftRecovery` the share of the loss at the drift that its last slates have won back.
 * @param driftAt number of slates before the drift
 */
export function tallyOf(visits: readonly CrowdSlate[], driftAt: number): Figures {
  const policies = Map.groupBy(visits, ({ policy }) => policy);
  const ctr = [...policies].map(([policy, own]) => ({
    policy,
    slates: own.length,
    ctr: rate(own),
    ...Object.fromEntries(
      [...Map.groupBy(own, ({ look }) => look)].map(([look, some]) => [look, rate(some)]),
    ),
  }));
  const learned = [...policies].filter(([policy]) => !isSingle(policy));
  const [policy = 'none', main = []] = learned.sort(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const first = visits.slice(0, driftAt).filter((visit) => visit.policy === policy);
  const settled = first.slice(-Math.max(1, Math.floor(first.length / 4)));
  const after = main.slice(first.length);
  const reached = rate(settled);
  const before = Map.groupBy(visits.slice(0, driftAt), (visit) => visit.policy);
  const single = [...before].filter(([name]) => isSingle(name)).map(([, own]) => rate(own));
  const isAlone = single.length === 0;
  const base = isAlone ? rate(first.slice(0, WINDOW)) : Math.max(...single);
  const atOnce = rate(after.slice(0, WINDOW));
  return {
    ctr,
    ctrByModel: byModel(visits),
    policy,
    lift: base === 0 ? 0 : (isAlone ? reached : rate(first)) / base - 1,
    liftOver: isAlone ? 'its first slates' : 'the best order of a single model',
    impressionsToConverge: convergedAt(first, reached),
    driftRecovery: reached <= atOnce ? 1 : (rate(after.slice(-WINDOW)) - atOnce) / (reached - atOnce),
    afterDrift: after.length,
  };
}

/** Clicks a slate. */
function rate(visits: readonly CrowdSlate[]): number {
  if (visits.length === 0) return 0;
  const clicks = visits.reduce(
    (sum, { slots }) => sum + slots.filter(({ isClicked }) => isClicked).length,
    0,
  );
  return clicks / visits.length;
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

function convergedAt(visits: readonly CrowdSlate[], reached: number): number {
  const clicks = visits.map(({ slots }) => slots.filter(({ isClicked }) => isClicked).length);
  let sum = 0;
  for (const [index, own] of clicks.entries()) {
    sum += own - (clicks[index - WINDOW] ?? 0);
    if (index + 1 >= WINDOW && sum / WINDOW >= CONVERGED * reached) return index + 1;
  }
  return visits.length;
}
