import { decayedWeight } from './importance.ts';
import { type ActionWindow, compareActions, type WindowAction } from './window.ts';

export interface EvidenceOptions {
  /** λ, see `decayedWeight`. */
  readonly lambdaPerDay: number;
  /** Weight of each type of action; negative for dislike. */
  readonly actionWeights: Readonly<Record<string, number>>;
}

/** The evidence of a window about one item: a function of the item's actions, independent of the time. */
export interface ItemEvidence {
  readonly itemId: string;
  /** Number of actions of positive weight: the multiplicity of the item's point, 0 for an item that was never liked. */
  readonly size: number;
  /** Sum of all weights, negative ones included, decayed to `newestAt`; it may be ≤ 0. */
  readonly weight: number;
  /** Time of the latest action, ms. */
  readonly newestAt: number;
  /** Time of the latest action of positive weight, ms. */
  readonly lastOccurredAt: number;
}

/** The evidence of a window about each of its items; immutable. */
export interface WindowEvidence {
  readonly options: EvidenceOptions;
  /** The window's actions from which this was read. */
  readonly actions: readonly WindowAction[];
  /** Ascending by id, so that ties in clustering are broken the same way. */
  readonly items: readonly ItemEvidence[];
}

/**
 * Reads a window. The cost is proportional to the actions that were added or removed since `before` was read: over
 * time most numbers of an item do not change, and the others change by one factor. `before` may be the evidence of
 * any window, as long as action objects that are in both have not been modified.
 */
export function gatherEvidence(
  { actions }: ActionWindow,
  options: EvidenceOptions,
  before?: WindowEvidence,
): WindowEvidence {
  const { lambdaPerDay, actionWeights } = options;
  const usable =
    before?.options.lambdaPerDay === lambdaPerDay && before.options.actionWeights === actionWeights;
  if (!usable) {
    const found = collect(actions, options);
    // The ids are sorted and not the items, because a sort of texts calls no function of ours.
    const items = [...found.keys()].sort().map((itemId) => found.get(itemId)!);
    return { options, actions: actions.slice(), items };
  }
  const changed = changedItems(before.actions, actions);
  if (changed.size === 0) return before;
  const own = actions.filter(({ itemId }) => changed.has(itemId));
  const fresh = collect(own, options);
  const items = before.items.slice();
  for (const itemId of changed) {
    const place = placeOf(items, itemId);
    const known = items[place]?.itemId === itemId ? 1 : 0;
    const item = fresh.get(itemId);
    if (item === undefined) items.splice(place, known);
    else items.splice(place, known, item);
  }
  return { options, actions: actions.slice(), items };
}

/** Returns the items with an action of positive weight, ascending by id. */
export function likedItems({ items }: WindowEvidence): readonly ItemEvidence[] {
  return items.filter(({ size }) => size > 0);
}

/** Σ w·exp(−λ(now − t)) over the item's actions, which all decay at the same rate. `now` in ms. */
export function importanceOf({ weight, newestAt }: ItemEvidence, now: number, lambdaPerDay: number): number {
  return decayedWeight(weight, newestAt, now, lambdaPerDay);
}

/**
 * The weight of a type. A window may outlive the code that wrote it, so it may contain a type without a weight: such
 * an action says nothing about interest, and weighs 0.
 */
export function weightOfType(weights: Readonly<Record<string, number>>, type: string): number {
  const weight = weights[type];
  return weight === undefined ? 0 : weight;
}

function collect(
  actions: readonly WindowAction[],
  { actionWeights, lambdaPerDay }: EvidenceOptions,
): Map<string, ItemEvidence> {
  const evidence = new Map<string, { -readonly [key in keyof ItemEvidence]: ItemEvidence[key] }>();
  for (const { itemId, type, occurredAt, weight } of actions) {
    const signed = weightOfType(actionWeights, type) * weight;
    let item = evidence.get(itemId);
    if (item === undefined) {
      item = { itemId, size: 0, weight: 0, newestAt: occurredAt, lastOccurredAt: 0 };
      evidence.set(itemId, item);
    }
    item.weight = decayedWeight(item.weight, item.newestAt, occurredAt, lambdaPerDay) + signed;
    item.newestAt = occurredAt;
    if (signed > 0) {
      item.size++;
      item.lastOccurredAt = occurredAt;
    }
  }
  return evidence;
}

/** Returns the items of the actions that are in only one of two lists; both lists are in event order. */
function changedItems(before: readonly WindowAction[], now: readonly WindowAction[]): Set<string> {
  const changed = new Set<string>();
  let i = 0;
  let j = 0;
  while (i < before.length || j < now.length) {
    const old = before[i];
    const current = now[j];
    if (old === current) {
      i++;
      j++;
      continue;
    }
    const order = old === undefined ? 1 : current === undefined ? -1 : compareActions(old, current);
    if (order <= 0) changed.add(before[i++]!.itemId);
    if (order >= 0) changed.add(now[j++]!.itemId);
  }
  return changed;
}

/** Returns the position of the item, or its insertion position. */
function placeOf(items: readonly ItemEvidence[], itemId: string): number {
  let [first, end] = [0, items.length];
  while (first < end) {
    const middle = (first + end) >> 1;
    if (items[middle]!.itemId < itemId) first = middle + 1;
    else end = middle;
  }
  return first;
}
