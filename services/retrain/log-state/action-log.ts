import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { ActionWeights } from '#contracts/domain/action-types.ts';
import { actionFault, type LoggedAction } from '#contracts/domain/action-validity.ts';
import type { UserAction } from '#contracts/generated/records.ts';
import type { ContextGraph } from '../graph/context-graph.ts';
import { ActionRows } from './action-rows.ts';
import { NameNumbers, nameOf, TextNumbers } from './numbers.ts';

const MS_PER_DAY = 86_400_000;

/** Columns of actions, and the item of each item number. */
export interface TrainingActions {
  readonly columns: ActionColumns;
  /** Item id by number. */
  readonly itemIds: readonly string[];
}

/**
 * The positive actions of the log as columns, for training and for the edges of the graph. A repeated event counts
 * once.
 */
export class ActionLog {
  readonly #weights: ActionWeights;
  readonly #graph: Pick<ContextGraph, 'add' | 'remove'>;
  readonly #users = new NameNumbers();
  readonly #contexts = new NameNumbers();
  readonly #items = new TextNumbers();
  /** Numbers of the events, by row. */
  #events = new NameNumbers();
  readonly #rows = new ActionRows();
  #newest = 0;

  /**
   * @param weights weight of each type of action; only positive ones are kept
   * @param graph receives the edges between items and contexts, and loses them with their actions
   */
  constructor(weights: ActionWeights, graph: Pick<ContextGraph, 'add' | 'remove'>) {
    this.#weights = weights;
    this.#graph = graph;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The numbers of the items in the graph. */
  get itemNumbers(): Pick<TextNumbers, 'find' | 'textOf'> {
    return this.#items;
  }

  /** Event time of the newest action, ms; 0 if none. */
  get newest(): number {
    return this.#newest;
  }

  /** Adds an action, except an invalid one: relative to a time in the future all others would be too old to keep. */
  add(logged: LoggedAction): void {
    if (actionFault(logged) !== undefined) return;
    const action = logged.value;
    const weight = this.#weights[action.type];
    const event = nameOf(action.eventId);
    if (weight <= 0 || this.#events.has(event)) return;
    this.#events.numberOf(event);
    const row = {
      user: this.#users.numberOf(nameOf(action.userId)),
      context: this.#contexts.numberOf(nameOf(contextOf(action))),
      item: this.#items.numberOf(action.itemId),
      weight,
      at: action.occurredAt,
    };
    this.#rows.push(row);
    this.#graph.add(row.item, row.context, row.weight, row.at);
    this.#newest = Math.max(this.#newest, action.occurredAt);
  }

  /**
   * Drops the actions older than `days` before the newest, with the ids that no other action names. Must not be
   * called during walks: a freed number may be assigned to another item.
   */
  forgetOlderThan(days: number): void {
    const bound = this.#newest - days * MS_PER_DAY;
    const { at } = this.#rows.columns;
    if (at.every((time) => time >= bound)) return;
    this.#forgetEdges(bound);
    const events = new NameNumbers();
    this.#rows.retain((row) => {
      if (at[row]! < bound) return false;
      events.numberOf(this.#events.nameOf(row));
      return true;
    });
    this.#events = events;
    const { user, context, item } = this.#rows.columns;
    for (const [numbers, column] of [
      [this.#users, user],
      [this.#contexts, context],
      [this.#items, item],
    ] as const) {
      const isNamed = new Uint8Array(numbers.size);
      for (const number of column) isNamed[number] = 1;
      numbers.retain((number) => isNamed[number] === 1);
    }
  }

  /**
   * Removes the edges that lose an action and adds the weights of their later actions again: exact, unlike a
   * subtraction.
   */
  #forgetEdges(bound: number): void {
    const { context, item, weight, at } = this.#rows.columns;
    const edgeOf = (row: number) => item[row]! * this.#contexts.size + context[row]!;
    const thinned = new Set<number>();
    for (let row = 0; row < at.length; row++) {
      if (at[row]! >= bound) continue;
      thinned.add(edgeOf(row));
      this.#graph.remove(item[row]!, context[row]!);
    }
    for (let row = 0; row < at.length; row++) {
      if (at[row]! < bound || !thinned.has(edgeOf(row))) continue;
      this.#graph.add(item[row]!, context[row]!, weight[row]!, at[row]!);
    }
  }

  /**
   * A copy for training, with items numbered densely: the `maximum` items with the most actions, ties by id. The
   * catalogue, if it is given, determines which items exist: others were deleted, or have not arrived yet.
   */
  snapshot(maximum: number, catalogue: Iterable<string>): TrainingActions {
    const { user, context, item, weight, at } = this.#rows.columns;
    const counts = new Uint32Array(this.#items.size);
    for (const number of item) counts[number]! += 1;
    const chosen = this.#chooseItems(counts, maximum, catalogue);
    const dense = new Int32Array(this.#items.size).fill(-1);
    for (const [position, itemId] of chosen.entries()) {
      const number = this.#items.find(itemId);
      if (number !== undefined) dense[number] = position;
    }
    const kept = Int32Array.from(item.keys()).filter((row) => dense[item[row]!]! >= 0);
    return {
      itemIds: chosen,
      columns: {
        user: kept.map((row) => user[row]!),
        context: kept.map((row) => context[row]!),
        item: kept.map((row) => dense[item[row]!]!),
        weight: Float32Array.from(kept, (row) => weight[row]!),
        at: Float64Array.from(kept, (row) => at[row]!),
      },
    };
  }

  #chooseItems(counts: Uint32Array, maximum: number, catalogue: Iterable<string>): string[] {
    const byId = new Map<string, number>();
    for (const itemId of catalogue) byId.set(itemId, 0);
    const hasCatalogue = byId.size > 0;
    for (const [item, count] of counts.entries()) {
      if (count === 0) continue;
      const itemId = this.#items.textOf(item);
      if (!hasCatalogue || byId.has(itemId)) byId.set(itemId, count);
    }
    return [...byId]
      .sort(([idA, a], [idB, b]) => b - a || (idA < idB ? -1 : 1))
      .slice(0, maximum)
      .map(([id]) => id);
  }
}

/** The basket, board or session; if the app sent none, the user and day of the action. */
function contextOf({ userId, contextId, occurredAt }: UserAction): string {
  return contextId ?? `${userId}\n${Math.floor(occurredAt / MS_PER_DAY)}`;
}
