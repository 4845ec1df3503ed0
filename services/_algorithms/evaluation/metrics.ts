/**
 * Ranking metrics of one list; a system's figure is their mean over the lists. `recommended` holds distinct items,
 * the best first. `relevant` must not be empty: a user without relevant items cannot be scored and must be left out.
 * The functions throw RangeError for an empty `relevant` and for a `k` that is not a positive integer.
 */
export interface RankedList<Item> {
  readonly recommended: readonly Item[];
  readonly relevant: ReadonlySet<Item>;
}

/** 1 if one of the first k is relevant, else 0. */
export function hitRate<Item>(list: RankedList<Item>, k: number): number {
  return hits(list, k) > 0 ? 1 : 0;
}

/** Share of the relevant items that are among the first k, in [0, 1]. */
export function recall<Item>(list: RankedList<Item>, k: number): number {
  return hits(list, k) / list.relevant.size;
}

/**
 * Normalised discounted cumulative gain with binary relevance, in [0, 1] (Järvelin and Kekäläinen 2002): a hit at
 * rank r counts 1/log₂(r + 1), and the ideal list has min(|relevant|, k) hits in front.
 */
export function ndcg<Item>(list: RankedList<Item>, k: number): number {
  checkList(list, k);
  let gain = 0;
  list.recommended.slice(0, k).forEach((item, place) => {
    if (list.relevant.has(item)) gain += 1 / Math.log2(place + 2);
  });
  let ideal = 0;
  for (let place = 0; place < Math.min(list.relevant.size, k); place++) ideal += 1 / Math.log2(place + 2);
  return gain / ideal;
}

/**
 * 1/⌈r/scale⌉ for the first relevant item at rank r ≤ k, or 0: its mean is MRR. PinSage (KDD 2018, offline evaluation) takes a
 * scale of 100 so that differences far down a long list count.
 */
export function reciprocalRank<Item>(list: RankedList<Item>, k: number, scale = 1): number {
  checkList(list, k);
  const place = list.recommended.slice(0, k).findIndex((item) => list.relevant.has(item));
  return place === -1 ? 0 : 1 / Math.ceil((place + 1) / scale);
}

/** Distinct items among the first k of all lists, as a share of the catalogue. */
export function coverage<Item>(lists: Iterable<readonly Item[]>, k: number, catalogueSize: number): number {
  checkCutoff(k);
  const shown = new Set<Item>();
  for (const list of lists) for (const item of list.slice(0, k)) shown.add(item);
  return shown.size / catalogueSize;
}

function hits<Item>(list: RankedList<Item>, k: number): number {
  checkList(list, k);
  return list.recommended.slice(0, k).filter((item) => list.relevant.has(item)).length;
}

function checkList<Item>({ relevant }: RankedList<Item>, k: number): void {
  checkCutoff(k);
  if (relevant.size === 0) throw new RangeError('A list without relevant items cannot be scored');
}

function checkCutoff(k: number): void {
  if (!Number.isSafeInteger(k) || k < 1) throw new RangeError(`Not a cut-off: ${k}`);
}

/**
 * Mean over all pairs of lists of the items that the first k of both hold, as a share of k, in [0, 1]; 0 with fewer than two lists.
 * Items of one list are distinct. O(lists · k).
 */
export function pairOverlap<Item>(lists: Iterable<readonly Item[]>, k: number): number {
  const counts = new Map<Item, number>();
  let size = 0;
  for (const items of lists) {
    size++;
    for (const item of items.slice(0, k)) counts.set(item, (counts.get(item) ?? 0) + 1);
  }
  let shared = 0;
  for (const count of counts.values()) shared += count * (count - 1);
  return size < 2 ? 0 : shared / (size * (size - 1) * k);
}
