import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Purchases } from '../../data/purchases.ts';

/** The training part, and the items that known users later took for the first time. */
export interface TemporalSplit {
  /** Product id by item number; enough users bought each item in `train`. */
  readonly itemIds: readonly string[];
  /** Ascending by time; users are numbered as in the purchases. */
  readonly train: ActionColumns;
  /** Later actions on the same items, by any user, repeated purchases included. */
  readonly test: ActionColumns;
  /** Items of `train` by user; it has every user of `relevant`. */
  readonly seen: ReadonlyMap<number, ReadonlySet<number>>;
  /** The items to be found, by user, none of them seen and no set empty. */
  readonly relevant: ReadonlyMap<number, ReadonlySet<number>>;
}

/**
 * Splits at a point in time: the first `trainShare` of the purchases is `train`, less the items that fewer than
 * `minimumBuyers` users bought in it. Purchases of one second are in order of user and item, whose ids are numbers.
 */
export function temporalSplit(
  { columns, userIds, itemIds }: Purchases,
  { trainShare, minimumBuyers }: { readonly trainShare: number; readonly minimumBuyers: number },
): TemporalSplit {
  const { user, item, at } = columns;
  const order = Int32Array.from(user.keys()).sort(
    (a, b) =>
      at[a]! - at[b]! ||
      Number(userIds[user[a]!]) - Number(userIds[user[b]!]) ||
      Number(itemIds[item[a]!]) - Number(itemIds[item[b]!]),
  );
  const boundary = Math.floor(order.length * trainShare);
  const buyers = groupBy(order.subarray(0, boundary), item, user);
  const products = [...buyers.keys()].filter((product) => buyers.get(product)!.size >= minimumBuyers);
  const numberOf = new Map(products.map((product, number) => [product, number]));
  const part = (positions: Int32Array) =>
    pick(
      columns,
      positions.filter((position) => numberOf.has(item[position]!)),
      (product) => numberOf.get(product)!,
    );
  const train = part(order.subarray(0, boundary));
  const test = part(order.subarray(boundary));
  const seen = groupBy(Int32Array.from(train.user.keys()), train.user, train.item);

  const relevant = new Map<number, Set<number>>();
  test.user.forEach((owner, position) => {
    const known = seen.get(owner);
    const number = test.item[position]!;
    if (known === undefined || known.has(number)) return;
    relevant.set(owner, (relevant.get(owner) ?? new Set()).add(number));
  });
  return { itemIds: products.map((product) => itemIds[product]!), train, test, seen, relevant };
}

/** The distinct values by key, over some positions of two columns. */
function groupBy(positions: Int32Array, key: Int32Array, value: Int32Array): Map<number, Set<number>> {
  const groups = new Map<number, Set<number>>();
  for (const position of positions) {
    const group = groups.get(key[position]!) ?? new Set<number>();
    groups.set(key[position]!, group.add(value[position]!));
  }
  return groups;
}

function pick(
  { user, context, item, weight, at }: ActionColumns,
  positions: Int32Array,
  numberOf: (item: number) => number,
): ActionColumns {
  return {
    user: positions.map((p) => user[p]!),
    context: positions.map((p) => context[p]!),
    item: positions.map((p) => numberOf(item[p]!)),
    weight: Float32Array.from(positions, (p) => weight[p]!),
    at: Float64Array.from(positions, (p) => at[p]!),
  };
}
