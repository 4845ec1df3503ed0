import { ensureDataset } from '../../data/datasets.ts';
import { openMovielens } from '../../data/movielens.ts';
import { type Purchases, purchasesOf, readPurchases } from '../../data/purchases.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';
import { RECIPE } from '../../vectors/embeddings.ts';

/** A log for the temporal protocol. */
export interface TemporalLog {
  readonly purchases: Purchases;
  /** Items that fewer users took in the training part are left out. */
  readonly minimumBuyers: number;
  /** Share of the training part, its newest actions, whose popularity is a peer: the best one of each log. */
  readonly newestShare: number;
}

const MS_PER_DAY = 86_400_000;

/** The logs by the name of their data set. */
const LOGS: Readonly<Record<string, () => Promise<TemporalLog>>> = {
  completejourney: async () => ({
    purchases: await readPurchases(),
    minimumBuyers: RECIPE.minimumBuyers,
    newestShare: 0.05,
  }),
  'ml-100k': async () => {
    const dataset = await openMovielens(await ensureDataset('ml-100k'));
    return { purchases: withDays(await purchasesOf(dataset)), minimumBuyers: 1, newestShare: 0.3 };
  },
};

/** @throws SetupError for a data set that is not here */
export async function openLog(dataset: string): Promise<TemporalLog> {
  const open = Object.hasOwn(LOGS, dataset) ? LOGS[dataset] : undefined;
  if (open === undefined) {
    const names = Object.keys(LOGS).join(' or ');
    throw new SetupError(`There is no data set ${dataset} here`, `Choose --dataset ${names}`);
  }
  return open();
}

/** The same with a day of a user as a context, as the stages have it for actions without one. */
export function withDays(purchases: Purchases): Purchases {
  const { columns } = purchases;
  const numbers = new Map<string, number>();
  const context = columns.user.map((user, position) => {
    const name = `${user} ${Math.floor(columns.at[position]! / MS_PER_DAY)}`;
    const number = numbers.get(name) ?? numbers.size;
    numbers.set(name, number);
    return number;
  });
  return { ...purchases, columns: { ...columns, context } };
}
