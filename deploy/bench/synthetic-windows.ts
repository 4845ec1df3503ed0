import { DEFAULT_WINDOW_LIMITS, type WindowAction } from '#algorithms/pinnersage/window.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { normaliseInPlace } from '#algorithms/vectors.ts';
import { zipf } from './live/crowd.ts';
import { lastWindow, type RealWindows } from './windows.ts';

/** Components of a vector, as many as PinSage's have by default. */
export const SYNTHETIC_DIMENSION = 64;
/** Items around one centre. */
export const SYNTHETIC_CLUSTER = 50;
/** Standard deviation of a component around its centre, where the centre's components have 1: cosines of about .9. */
const SPREAD = 0.33;
/** Groups of clusters, as many as a supermarket has. */
const DEPARTMENTS = 20;
/** Clusters from which one user takes items. */
const TASTES = 8;

/** Windows of a synthetic catalogue. */
export interface SyntheticWindows extends RealWindows {
  /** All items, also those in no window. */
  readonly itemIds: readonly string[];
}

/**
 * Windows as long as those of real households, of any number of items: vectors lie in clusters of 50, and each user takes
 * items from eight clusters. Only for costs; nothing about quality follows from them.
 * @param real whose windows give the lengths, types and times
 * @param most actions of a window, the latest ones
 */
export function syntheticWindows(
  items: number,
  real: RealWindows,
  most: number = DEFAULT_WINDOW_LIMITS.maximum,
): SyntheticWindows {
  const random = createRandom('synthetic');
  const itemIds = Array.from({ length: items }, (_, item) => `item-${item}`);
  const vectors = clusteredVectors(items, random);
  const rowOf = new Map(itemIds.map((itemId, item) => [itemId, item]));
  const drawItem = zipf(SYNTHETIC_CLUSTER, () => random.next());
  const clusters = Math.ceil(items / SYNTHETIC_CLUSTER);
  const histories = real.histories
    .map(lastWindow)
    .filter(({ length }) => length > 0)
    .map((window, user): WindowAction[] => {
      const tastes = Array.from({ length: TASTES }, () => random.integer(clusters));
      return window.slice(-most).map((action, at) => {
        const item = Math.min(items - 1, tastes[random.integer(TASTES)]! * SYNTHETIC_CLUSTER + drawItem());
        return {
          ...action,
          eventId: `synthetic-${user}-${String(at).padStart(3, '0')}`,
          itemId: itemIds[item]!,
        };
      });
    });
  return {
    histories,
    itemIds,
    alpha: real.alpha,
    categoriesOf: syntheticCategories,
    vectorOf(itemId) {
      const row = rowOf.get(itemId);
      return row === undefined
        ? undefined
        : vectors.subarray(row * SYNTHETIC_DIMENSION, (row + 1) * SYNTHETIC_DIMENSION);
    },
  };
}

/** The path of categories of an item `item-<number>`: each cluster is a category. */
export function syntheticCategories(itemId: string): readonly string[] {
  const cluster = Math.floor(Number(itemId.slice(itemId.lastIndexOf('-') + 1)) / SYNTHETIC_CLUSTER);
  return ['all', `department ${cluster % DEPARTMENTS}`, `category ${cluster}`];
}

/** @returns n unit vectors, row-major; those of one cluster follow one another */
export function clusteredVectors(count: number, random: Random): Float32Array {
  const vectors = new Float32Array(count * SYNTHETIC_DIMENSION);
  let centre: number[] = [];
  for (let item = 0; item < count; item++) {
    if (item % SYNTHETIC_CLUSTER === 0)
      centre = Array.from({ length: SYNTHETIC_DIMENSION }, () => random.normal());
    const vector = vectors.subarray(item * SYNTHETIC_DIMENSION, (item + 1) * SYNTHETIC_DIMENSION);
    for (let i = 0; i < SYNTHETIC_DIMENSION; i++) vector[i] = centre[i]! + SPREAD * random.normal();
    normaliseInPlace(vector);
  }
  return vectors;
}
