import type { ActionType } from '#contracts/generated/records.ts';

/** An action as the gateway takes it. */
export interface ActionInput {
  /** Derived from the data, so that loading the same set twice counts nothing twice. */
  readonly eventId: string;
  readonly userId: string;
  readonly itemId: string;
  readonly type: ActionType;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly contextId?: string;
  readonly value?: number;
}

/** An item as the gateway takes it. */
export interface ItemInput {
  readonly itemId: string;
  readonly title: string;
  readonly text?: string;
  /** From broad to narrow. */
  readonly categories?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly vector?: readonly number[];
  readonly availability?: 'available' | 'unavailable';
}

/** A log of actions and the catalogue it speaks of, read again at each call. */
export interface Dataset {
  readonly name: string;
  readonly title: string;
  readonly actionCount: number;
  items(): AsyncIterable<ItemInput>;
  /** The actions with index `from` (0 unless given) to before `to` (the end), in the order of event time. */
  actions(from?: number, to?: number): AsyncIterable<ActionInput>;
}

/**
 * The last `limit` actions of a set, and of its catalogue the items that they touch: a small catalogue keeps a short
 * run short.
 */
export function lastOf(dataset: Dataset, limit: number): Dataset {
  const start = Math.max(0, dataset.actionCount - limit);
  if (start === 0) return dataset;
  const actions = (from = 0, to = Number.POSITIVE_INFINITY) => dataset.actions(start + from, start + to);
  return {
    name: dataset.name,
    title: dataset.title,
    actionCount: dataset.actionCount - start,
    actions,
    async *items() {
      const touched = new Set<string>();
      for await (const { itemId } of actions()) touched.add(itemId);
      for await (const item of dataset.items()) if (touched.has(item.itemId)) yield item;
    },
  };
}

/** The elements `from` to before `to` of an array, as a data set gives them. */
export async function* range<T>(rows: readonly T[], from = 0, to = rows.length): AsyncIterable<T> {
  for (let index = from; index < Math.min(to, rows.length); index++) yield rows[index]!;
}

/** All of an asynchronous sequence that is small enough to be held. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of source) elements.push(element);
  return elements;
}
