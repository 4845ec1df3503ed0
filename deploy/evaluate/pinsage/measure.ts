import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { DEFAULT_WINDOW_LIMITS } from '#algorithms/pinnersage/window.ts';
import { createRandom } from '#algorithms/random.ts';
import { centreAndNormalise } from '#algorithms/vectors.ts';
import { sampleWindows, sweepAlpha } from '../../../services/retrain/training/alpha.ts';
import { createPlacer } from '../../../services/retrain/training/places.ts';
import { completejourneyEmbeddings, featureMatrix, RECIPE } from '../../bench/embeddings.ts';
import type { Figures } from '../../bench/figures.ts';
import { type Purchases, readPurchases } from '../../bench/purchases.ts';
import { cacheFolder } from '../../local/parts/cache.mjs';
import { type ItemVectors, interestsOf, recommendByMedoids, recommendPopular } from './medoid-neighbours.ts';
import { type Recommendations, scoreRecommendations } from './scores.ts';
import { type TemporalSplit, temporalSplit } from './split.ts';

/** All that a household did in `train` counts, the latest of it at most as many actions as the stage keeps. */
const WINDOW = { days: 366, maximum: DEFAULT_WINDOW_LIMITS.maximum, lambdaPerDay: DEFAULT_LAMBDA_PER_DAY };
const MEDOIDS = 50;
const EXPONENT = 0.5;
const SEED = 'pinsage';

/** What is done with a set of vectors. */
interface Variant {
  readonly medoids: number;
  readonly popularityExponent: number;
}

/** The best way first; then what each part of it is worth. */
const PINSAGE_VARIANTS: readonly Variant[] = [
  { medoids: MEDOIDS, popularityExponent: EXPONENT },
  { medoids: 10, popularityExponent: EXPONENT },
  { medoids: 20, popularityExponent: EXPONENT },
  { medoids: MEDOIDS, popularityExponent: 0 },
];

/**
 * Recommendations of new items on the temporal split of completejourney: train on the first 80 % of the purchases, find
 * what known households then bought for the first time among all items. `rows` compares the neighbours of a household's
 * medoids by PinSage's vectors with those by other vectors and with popularity; `ndcg10` is that of PinSage, whose
 * lists are in the file `recs` (user,item,rank).
 */
export async function measure(): Promise<Figures> {
  const purchases = await readPurchases();
  const split = temporalSplit(purchases, {
    trainShare: RECIPE.trainedShare,
    minimumBuyers: RECIPE.minimumBuyers,
  });
  const popularity = buyersByItem(split);
  const score = createScorer(split);
  const rows = [score('popularity', recommendPopular(split, popularity))];
  const byMedoids = (name: string, vectors: ItemVectors, variants: readonly Variant[]) => {
    console.error(`  ${name}: clustering ${split.relevant.size} households at α = ${vectors.alpha}`);
    const interests = interestsOf(split, vectors, WINDOW);
    return variants.map(({ medoids, popularityExponent }) => {
      const prior = popularity.map((count) => count ** popularityExponent);
      const recommended = recommendByMedoids(split, interests, vectors, prior, medoids);
      rows.push(score(name, recommended, { alpha: vectors.alpha, medoids, popularityExponent }));
      return recommended;
    });
  };
  const served = PINSAGE_VARIANTS.slice(0, 1);
  const [recommended] = byMedoids('PinSage', await pinSageVectors(split, purchases), PINSAGE_VARIANTS);
  byMedoids('places in the graph', placeVectors(split), served);
  byMedoids('content', contentVectors(split, purchases), served);

  const recs = writeRecommendations(recommended!, split, purchases);
  const main = rows.find(({ name }) => name === 'PinSage')!;
  const data = { users: split.relevant.size, items: split.itemIds.length, actions: split.train.at.length };
  return { rows, ndcg10: main.ndcg10, recs, data };
}

/** Purchasers of each item in `train`. */
function buyersByItem({ seen, itemIds }: TemporalSplit): Float64Array {
  const buyers = new Float64Array(itemIds.length);
  for (const items of seen.values()) for (const item of items) buyers[item]!++;
  return buyers;
}

function createScorer(split: TemporalSplit) {
  return (name: string, recommended: Recommendations, settings: Figures = {}) => {
    const scores = scoreRecommendations(split, recommended);
    console.error(`  ${name}: NDCG@10 ${scores.ndcg10.toFixed(4)}`);
    return { name, ...scores, ...settings };
  };
}

async function pinSageVectors(split: TemporalSplit, purchases: Purchases): Promise<ItemVectors> {
  const { itemIds, vectors, dim, alpha } = await completejourneyEmbeddings(purchases);
  const rowOf = new Map(itemIds.map((itemId, i) => [itemId, i]));
  const own = new Float32Array(split.itemIds.length * dim);
  split.itemIds.forEach((itemId, i) => {
    const from = rowOf.get(itemId);
    if (from !== undefined) own.set(vectors.subarray(from * dim, (from + 1) * dim), i * dim);
  });
  return { vectors: own, dim, alpha };
}

/** What the items say of themselves. */
function contentVectors(split: TemporalSplit, { catalogue }: Purchases): ItemVectors {
  const layout = { ...RECIPE.layout, structure: 0 };
  const degrees = new Int32Array(split.itemIds.length);
  const features = featureMatrix(split.itemIds, catalogue, degrees, layout);
  return withAlpha(features, features.length / split.itemIds.length, split);
}

/** What PinSage gets to know of the graph as a feature. */
function placeVectors({ itemIds, train, ...rest }: TemporalSplit): ItemVectors {
  const dim = RECIPE.layout.structure;
  const options = { itemCount: itemIds.length, structure: dim };
  const placer = createPlacer(train, options, createRandom(SEED).fork('places'));
  const places = placer.place(new Float32Array(itemIds.length * dim), train);
  return withAlpha(places, dim, { itemIds, train, ...rest });
}

/** Centres, and chooses α as a training does. */
function withAlpha(vectors: Float32Array, dim: number, { train }: TemporalSplit): ItemVectors {
  centreAndNormalise(vectors, dim);
  const windows = sampleWindows(train, 100, 250, createRandom(SEED).fork('windows'));
  return { vectors, dim, alpha: sweepAlpha(vectors, dim, windows).alpha };
}

function writeRecommendations(
  recommended: Recommendations,
  { itemIds }: TemporalSplit,
  { userIds }: Purchases,
): string {
  const lines = ['user,item,rank'];
  for (const [user, items] of recommended) {
    items.forEach((item, place) => {
      lines.push(`${userIds[user]},${itemIds[item]},${place + 1}`);
    });
  }
  const folder = join(cacheFolder(process.env), 'evaluate');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'pinsage-recs.csv');
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}
