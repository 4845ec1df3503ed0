import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { openCompletejourney } from './completejourney.ts';
import { collect, type Dataset, type DatasetItem } from './dataset.ts';
import { ensureDataset } from './datasets.ts';

/** A year of purchases out of completejourney. */
export interface Purchases {
  /** Ascending by time. User, item and context (basket) are numbers in the order of first occurrence; weights are 1. */
  readonly columns: ActionColumns;
  /** Household id by user number, product id by item number. */
  readonly userIds: readonly string[];
  readonly itemIds: readonly string[];
  /** All products by id, also those that nobody bought. */
  readonly catalogue: ReadonlyMap<string, DatasetItem>;
}

/** Reads all purchases (about 50 MB); downloads the data set first if it is missing. */
export async function readPurchases(): Promise<Purchases> {
  return purchasesOf(await openCompletejourney(await ensureDataset('completejourney')));
}

/** The actions of a data set in columns; an action without a context is one of its own. */
export async function purchasesOf(dataset: Dataset): Promise<Purchases> {
  const users = new Map<string, number>();
  const items = new Map<string, number>();
  const contexts = new Map<string, number>();
  const length = dataset.actionCount;
  const columns: ActionColumns = {
    user: new Int32Array(length),
    context: new Int32Array(length),
    item: new Int32Array(length),
    weight: new Float32Array(length).fill(1),
    at: new Float64Array(length),
  };
  let position = 0;
  for await (const { eventId, userId, itemId, contextId, occurredAt } of dataset.actions()) {
    columns.user[position] = numberOf(users, userId);
    columns.item[position] = numberOf(items, itemId);
    columns.context[position] = numberOf(contexts, contextId ?? eventId);
    columns.at[position] = occurredAt;
    position++;
  }
  const products = await collect(dataset.items());
  return {
    columns,
    userIds: [...users.keys()],
    itemIds: [...items.keys()],
    catalogue: new Map(products.map((product) => [product.itemId, product])),
  };
}

function numberOf(numbers: Map<string, number>, id: string): number {
  let number = numbers.get(id);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(id, number);
  }
  return number;
}
