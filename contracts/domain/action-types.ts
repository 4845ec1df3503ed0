/**
 * The meaning of each type of action. The Avro schema of UserAction declares the types; a type that is added there
 * does not compile before it has its row here.
 */
import { ACTION_TYPES, type ActionType } from '../generated/records.ts';

interface ActionMeaning {
  /** How much an action of the type says about interest, unless configuration says otherwise; dislike is below zero. */
  readonly interestWeight: number;
  /** Reward of a shown item that earns the action, unless configuration says otherwise; 0 ignores the type. */
  readonly reward: number;
  /** The verb that completes "because you …"; neutral for actions that turn away from an item. */
  readonly deed: string;
}

/**
 * Rewards: a purchase or a message is the purpose of the marketplace; saving, sharing and rating say that the item
 * fits; a click says that it looks so; a view may be an accident. Hiding and returning are regret, and cost less than
 * a sale earns, so that caution does not drown discovery.
 */
export const ACTIONS: Readonly<Record<ActionType, ActionMeaning>> = {
  view: { interestWeight: 0.2, reward: 0.1, deed: 'viewed' },
  click: { interestWeight: 0.4, reward: 0.2, deed: 'clicked' },
  save: { interestWeight: 1, reward: 0.5, deed: 'saved' },
  share: { interestWeight: 1, reward: 0.5, deed: 'shared' },
  message: { interestWeight: 1, reward: 1, deed: 'wrote about' },
  buy: { interestWeight: 1, reward: 1, deed: 'bought' },
  rate: { interestWeight: 1, reward: 0.5, deed: 'rated' },
  hide: { interestWeight: -1, reward: -0.5, deed: 'know' },
  return: { interestWeight: -1, reward: -0.5, deed: 'know' },
  // It says that the user saw a slot of a slate, and nothing about the item.
  impression: { interestWeight: 0, reward: 0, deed: 'know' },
};

/** Whether the action only reports that the user saw an item: it is no interest, and no part of any window or graph. */
export function isImpression({ type }: { readonly type: ActionType }): boolean {
  return type === 'impression';
}

/** A number for every type of action. */
export type ActionWeights = Readonly<Record<ActionType, number>>;

export const DEFAULT_ACTION_WEIGHTS: ActionWeights = column('interestWeight');

export const DEFAULT_REWARDS: ActionWeights = column('reward');

/** Some records hold the type as text (`Cause.type`), which a newer version may have written. */
export function isActionType(type: string): type is ActionType {
  return Object.hasOwn(ACTIONS, type);
}

/** The verb that completes "because you …"; neutral for a type that this version does not know. */
export function deedOf(type: string): string {
  return isActionType(type) ? ACTIONS[type].deed : 'know';
}

function column(name: 'interestWeight' | 'reward'): ActionWeights {
  const numbers = ACTION_TYPES.map((type) => [type, ACTIONS[type][name]] as const);
  return Object.fromEntries(numbers) as Record<ActionType, number>;
}
