import { type ActionWeights, DEFAULT_REWARDS } from '#contracts/domain/action-types.ts';
import { ACTION_TYPES, type ActionType } from '#contracts/generated/records.ts';
import type { Setting } from '#platform/config.ts';

/** What a slot is rewarded for, beside others. */
export interface Objective {
  readonly name: string;
  /** What one unit of its outcome adds to the reward; negative for an objective that is to be avoided. */
  readonly factor: number;
  /** Outcome of each type of action; types with 0 are ignored. */
  readonly weights: ActionWeights;
}

/** The actions that count for a slot: ms from serving to the first of each type. */
export type Acts = Readonly<Partial<Record<ActionType, number>>>;

/** The action that earned most of a reward. */
export interface Earned {
  readonly actionType: ActionType;
  /** Milliseconds from serving to the action; 0 if the clock of the app says that it acted before. */
  readonly delay: number;
}

export interface SlotOutcome {
  /** Σ factor · outcome. */
  readonly reward: number;
  readonly earned: Earned | null;
  /** By objective, those other than 0. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Name of the objective that TRIBUTARY_FEEDBACK_WEIGHTS describes. */
export const MAIN_OBJECTIVE = 'reward';

export function counts(type: ActionType, objectives: readonly Objective[]): boolean {
  return objectives.some(({ weights }) => weights[type] !== 0);
}

/**
 * Returns what the actions on a slot are worth. The outcome of an objective is the largest of its weights among them, so that
 * repeats count once, and a negative weight counts only if there is no positive one. It depends on the set of actions alone.
 */
export function outcomeOf(acts: Acts, objectives: readonly Objective[]): SlotOutcome {
  const outcomes: Record<string, number> = {};
  let reward = 0;
  for (const { name, factor, weights } of objectives) {
    let outcome: number | undefined;
    for (const type of ACTION_TYPES)
      if (acts[type] !== undefined && weights[type] !== 0)
        outcome = Math.max(outcome ?? Number.NEGATIVE_INFINITY, weights[type]);
    if (outcome === undefined) continue;
    outcomes[name] = outcome;
    reward += factor * outcome;
  }
  return { reward, earned: earningOf(acts, objectives), outcomes };
}

/** The type that adds most to the reward; of equal ones the first that happened, then the first of the schema. */
function earningOf(acts: Acts, objectives: readonly Objective[]): Earned | null {
  let best: (Earned & { readonly worth: number }) | null = null;
  for (const actionType of ACTION_TYPES) {
    const delay = acts[actionType];
    if (delay === undefined || !counts(actionType, objectives)) continue;
    const worth = objectives.reduce((sum, { factor, weights }) => sum + factor * weights[actionType], 0);
    if (best === null || worth > best.worth || (worth === best.worth && delay < best.delay))
      best = { actionType, delay, worth };
  }
  return best && { actionType: best.actionType, delay: best.delay };
}

/**
 * Largest weight and factor, and most further objectives: no reward exceeds a million then, beyond which rerank would reject it. Only
 * differences between rewards matter, so that nothing is lost.
 */
export const MOST_WEIGHT = 1_000;
const [MOST_FACTOR, MOST_OBJECTIVES] = [100, 9];

const NO_WEIGHTS = Object.fromEntries(ACTION_TYPES.map((type) => [type, 0])) as Record<ActionType, number>;

/** Objectives in one text: `sale:1:buy=1,return=-1;attention:0.1:click=1`. Empty for none. */
export function objectives(variable: string, options: { summary: string }): Setting<readonly Objective[]> {
  return {
    variable,
    fallback: [],
    fallbackText: '',
    accepts: `objectives with name, factor and weights such as sale:1:buy=1,return=-1;attention:0.1:click=1, at most ${MOST_OBJECTIVES}, none named ${MAIN_OBJECTIVE}, factors to ±${MOST_FACTOR} and weights to ±${MOST_WEIGHT}`,
    summary: options.summary,
    parse(text) {
      const parsed = text.split(';').map(parseObjective);
      const names = new Set(parsed.map((objective) => objective?.name));
      const areFew = parsed.length <= MOST_OBJECTIVES;
      return areFew && names.size === parsed.length && !names.has(undefined)
        ? (parsed as Objective[])
        : undefined;
    },
  };
}

function parseObjective(text: string): Objective | undefined {
  const [name = '', factor = '', list = '', ...rest] = text.split(':').map((part) => part.trim());
  const isNamed = /^[a-z][a-z0-9-]{0,63}$/.test(name) && name !== MAIN_OBJECTIVE;
  const weights = { ...NO_WEIGHTS };
  const given = new Set<string>();
  for (const entry of list.split(',')) {
    const [type = '', amount = ''] = entry.split('=').map((part) => part.trim());
    if (!Object.hasOwn(DEFAULT_REWARDS, type) || given.has(type) || !isNumber(amount, MOST_WEIGHT))
      return undefined;
    given.add(type);
    weights[type as ActionType] = Number(amount);
  }
  return isNamed && isNumber(factor, MOST_FACTOR) && rest.length === 0
    ? { name, factor: Number(factor), weights }
    : undefined;
}

function isNumber(text: string, most: number): boolean {
  return text !== '' && Math.abs(Number(text)) <= most;
}
