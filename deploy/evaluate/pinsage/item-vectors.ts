import type { Random } from '#algorithms/random.ts';
import { centreAndNormalise } from '#algorithms/vectors.ts';
import { sampleWindows, sweepAlpha } from '../../../services/retrain/training/alpha.ts';
import { createPlacer } from '../../../services/retrain/training/places.ts';
import type { Purchases } from '../../data/purchases.ts';
import { cachedEmbeddings, featureMatrix, RECIPE, type Recipe } from '../../vectors/embeddings.ts';
import type { ItemVectors } from './medoid-neighbours.ts';
import type { TemporalSplit } from './split.ts';
import { uncentre } from './uncentre.ts';

/** PinSage's vectors, before and after centring. */
export interface PinSageVectors extends ItemVectors {
  readonly uncentred: Float32Array;
}

/** Trained by the recipe, or read from the cache; items are numbered as in the split. */
export async function pinSageVectors(
  split: TemporalSplit,
  purchases: Purchases,
  recipe: Recipe,
  dataset = 'completejourney',
): Promise<PinSageVectors> {
  const { itemIds, vectors, dim, alpha, mean } = await cachedEmbeddings(dataset, purchases, recipe);
  const rowOf = new Map(itemIds.map((itemId, i) => [itemId, i]));
  const own = new Float32Array(split.itemIds.length * dim);
  split.itemIds.forEach((itemId, i) => {
    const from = rowOf.get(itemId);
    if (from !== undefined) own.set(vectors.subarray(from * dim, (from + 1) * dim), i * dim);
  });
  return { vectors: own, dim, alpha, uncentred: uncentre(own, Float32Array.from(mean)) };
}

/** Vectors of the items' content. */
export function contentVectors(split: TemporalSplit, { catalogue }: Purchases, random: Random): ItemVectors {
  const layout = { ...RECIPE.layout, structure: 0 };
  const degrees = new Int32Array(split.itemIds.length);
  const features = featureMatrix(split.itemIds, catalogue, degrees, layout);
  const width = features.length / split.itemIds.length;
  centreAndNormalise(features, width);
  return withAlpha(features, width, split, random);
}

/** Vectors of the places in the graph, which PinSage gets as features. */
export function placeVectors(split: TemporalSplit, random: Random): ItemVectors {
  const { itemIds, train } = split;
  const dim = RECIPE.layout.structure;
  const options = { itemCount: itemIds.length, structure: dim };
  const placer = createPlacer(train, options, random.fork('places'));
  const places = placer.place(new Float32Array(itemIds.length * dim), train);
  centreAndNormalise(places, dim);
  return withAlpha(places, dim, split, random);
}

/** Chooses α as a training does. */
export function withAlpha(
  vectors: Float32Array,
  dim: number,
  { train }: TemporalSplit,
  random: Random,
): ItemVectors {
  const windows = sampleWindows(train, 100, 250, random.fork('windows'));
  return { vectors, dim, alpha: sweepAlpha(vectors, dim, windows).alpha };
}
