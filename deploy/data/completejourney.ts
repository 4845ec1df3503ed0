import { join } from 'node:path';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Dataset, DatasetAction, DatasetItem } from './dataset.ts';
import { groceryTitle, packageSize, readable } from './grocery-title.ts';

interface Transaction {
  readonly household_id: bigint;
  readonly basket_id: bigint;
  readonly product_id: bigint;
  readonly quantity: bigint;
  readonly transaction_timestamp: Date;
}

interface Product {
  readonly product_id: bigint;
  readonly department: string | null;
  readonly brand: string | null;
  readonly product_category: string | null;
  readonly product_type: string | null;
  readonly package_size: string | null;
}

/** Rows decoded at a time, so that the 1.5 million rows are never in memory together. */
const CHUNK = 100_000;

/**
 * Reads the purchases of 2,469 households in 2017 from the Parquet files of the completejourney package: a household
 * is a user, a product an item, a basket the context, and the value of a `buy` is the quantity.
 *
 * @param folder with transactions.parquet and products.parquet
 */
export async function openCompletejourney(folder: string): Promise<Dataset> {
  const transactions = await asyncBufferFromFile(join(folder, 'transactions.parquet'));
  const metadata = await parquetMetadataAsync(transactions);
  const actionCount = Number(metadata.num_rows);
  const columns = ['household_id', 'basket_id', 'product_id', 'quantity', 'transaction_timestamp'];

  return {
    name: 'completejourney',
    title: 'a year of grocery baskets (completejourney)',
    actionCount,

    async *actions(from = 0, to = actionCount) {
      const end = Math.min(to, actionCount);
      for (let start = from; start < end; start += CHUNK) {
        const rowEnd = Math.min(start + CHUNK, end);
        const rows = await parquetReadObjects({
          file: transactions,
          metadata,
          compressors,
          columns,
          rowStart: start,
          rowEnd,
        });
        for (const [index, row] of rows.entries())
          yield toAction(row as unknown as Transaction, start + index);
      }
    },

    async *items() {
      const file = await asyncBufferFromFile(join(folder, 'products.parquet'));
      for (const row of await parquetReadObjects({ file, compressors }))
        yield toItem(row as unknown as Product);
    },
  };
}

function toAction(row: Transaction, index: number): DatasetAction {
  return {
    eventId: `cj-${index}`,
    userId: String(row.household_id),
    itemId: String(row.product_id),
    type: 'buy',
    occurredAt: row.transaction_timestamp.getTime(),
    contextId: String(row.basket_id),
    value: Number(row.quantity),
  };
}

function toItem(row: Product): DatasetItem {
  const categories = [row.department, row.product_category, row.product_type];
  const attributes = { brand: row.brand, 'package size': row.package_size && packageSize(row.package_size) };
  return {
    itemId: String(row.product_id),
    title: groceryTitle(row),
    categories: categories.filter(isPresent).map(readable),
    attributes: Object.fromEntries(
      Object.entries(attributes).filter((entry): entry is [string, string] => isPresent(entry[1])),
    ),
  };
}

function isPresent(text: string | null | undefined): text is string {
  return text !== null && text !== undefined && text.trim() !== '';
}
