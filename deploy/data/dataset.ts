import type { ActionType } from '#contracts/generated/records.ts';

/** An action as the gateway accepts it. */
export interface DatasetAction {
  /** Derived from the data, so that loading the same set twice counts each action once. */
  readonly eventId: string;
  readonly userId: string;
  readonly itemId: string;
  readonly type: ActionType;
  /** Milliseconds since the epoch. */
  readonly occurredAt: number;
  readonly contextId?: string;
  readonly value?: number;
  /** The slate that the action answers, and the place of the item in it. */
  readonly slateId?: string;
  readonly slot?: number;
}

/** An item as the gateway accepts it. */
export interface DatasetItem {
  readonly itemId: string;
  readonly title: string;
  readonly text?: string;
  /** From broad to narrow. */
  readonly categories?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
  readonly vector?: readonly number[];
  readonly availability?: 'available' | 'unavailable';
}

/** A log of actions and the catalogue of their items, read again at each call. */
export interface Dataset {
  readonly name: string;
  readonly title: string;
  readonly actionCount: number;
  items(): AsyncIterable<DatasetItem>;
  /**
   * Returns the actions with index `from` (default 0) up to but excluding `to` (default: all), in the order of event
   * time.
   */
  actions(from?: number, to?: number): AsyncIterable<DatasetAction>;
}

/**
 * Restricts a data set to its last `limit` actions and the items of these actions: a small catalogue keeps a short
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

/** Yields the elements of an array from `from` up to but excluding `to`, as a data set does. */
export async function* range<T>(rows: readonly T[], from = 0, to = rows.length): AsyncIterable<T> {
  for (let index = from; index < Math.min(to, rows.length); index++) yield rows[index]!;
}

/** Collects an asynchronous sequence that is small enough for memory. */
export async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of source) elements.push(element);
  return elements;
}
