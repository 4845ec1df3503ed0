import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import type { Random } from '#algorithms/random.ts';
import { createDayPairs, type ItemPairs } from '../../../services/retrain/training/hybrid/day-pairs.ts';
import type { ItemPart } from '../../../services/retrain/training/hybrid/hybrid-graph.ts';
import type { HybridInput } from '../../../services/retrain/training/hybrid/train-hybrid.ts';
import type { DatasetItem } from '../../data/dataset.ts';

/** The smallest top categories have together at most this share of the actions. */
const SMALL_SHARE = 0.1;
const LIST = 10;

/** Items of the top categories with the fewest actions, which have together at most a tenth of them; in ascending order. */
export function smallCategories(
  itemIds: readonly string[],
  catalogue: ReadonlyMap<string, DatasetItem>,
  taken: Int32Array,
): Int32Array {
  const categoryOf = (item: number) => catalogue.get(itemIds[item]!)?.categories?.[0] ?? '';
  const counts = new Map<string, number>();
  for (const item of taken) counts.set(categoryOf(item), (counts.get(categoryOf(item)) ?? 0) + 1);
  const small = new Set<string>();
  let total = 0;
  for (const [category, count] of [...counts].sort((a, b) => a[1] - b[1])) {
    total += count;
    if (total > SMALL_SHARE * taken.length) break;
    small.add(category);
  }
  return Int32Array.from(itemIds.keys()).filter((item) => small.has(categoryOf(item)));
}

/** The input of a training that knows these items and the actions on them alone, numbered as in `items`. */
export function subCatalogue(
  items: Int32Array,
  parts: readonly ItemPart[],
  actions: ActionColumns,
): Omit<HybridInput, 'seed'> {
  const numberOf = new Map([...items].map((item, number) => [item, number]));
  const kept = Int32Array.from(actions.item.keys()).filter((position) =>
    numberOf.has(actions.item[position]!),
  );
  const own = {
    user: kept.map((position) => actions.user[position]!),
    item: kept.map((position) => numberOf.get(actions.item[position]!)!),
    at: Float64Array.from(kept, (position) => actions.at[position]!),
  };
  const popularity = new Int32Array(items.length);
  for (const item of own.item) popularity[item]!++;
  return {
    itemCount: items.length,
    parts: parts.map(({ name, width, values }) => ({
      name,
      width,
      values: Float32Array.from({ length: items.length * width }, (_, i) => {
        return values[items[Math.floor(i / width)]! * width + (i % width)]!;
      }),
    })),
    pairs: createDayPairs(own),
    popularity,
  };
}

/** Pairs of some items that one user took on one day. */
export function pairsAmong(
  actions: ActionColumns,
  items: Int32Array,
  count: number,
  random: Random,
): ItemPairs {
  const among = new Set(items);
  return createDayPairs(actions, (item) => among.has(item)).draw(count, random);
}

/** Of each pair 1 if the right item is among the ten nearest of the left one, among these items. */
export function hitsOfPairs(
  vectors: Float32Array,
  dim: number,
  { left, right }: ItemPairs,
  items: Int32Array,
): Float64Array {
  const cosine = (a: number, b: number) => {
    let product = 0;
    for (let i = 0; i < dim; i++) product += vectors[a * dim + i]! * vectors[b * dim + i]!;
    return product;
  };
  return Float64Array.from(left, (query, place) => {
    const wanted = cosine(query, right[place]!);
    let before = 0;
    for (const item of items) if (item !== query && cosine(query, item) > wanted) before += 1;
    return before < LIST ? 1 : 0;
  });
}
