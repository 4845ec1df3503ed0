import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom, type Random } from '#algorithms/random.ts';
import { centreAndNormalise } from '#algorithms/vectors.ts';
import { sampleWindows, sweepAlpha } from '../../../services/retrain/training/alpha.ts';
import { ranksOfPositives } from '../../../services/retrain/training/evaluate.ts';
import { createPlacer } from '../../../services/retrain/training/places.ts';
import { completejourneyEmbeddings, featureMatrix, RECIPE, type Recipe } from '../../bench/embeddings.ts';
import type { Figures } from '../../bench/figures.ts';
import { type Purchases, readPurchases } from '../../bench/purchases.ts';
import { cacheFolder } from '../../local/parts/cache.mjs';
import {
  LADDER,
  type LadderRow,
  ladderRow,
  NEIGHBOURHOOD_SIZES,
  PINSAGE,
  type Rung,
  recipeOf,
  testPairs,
} from './ladder.ts';
import type { ItemVectors } from './medoid-neighbours.ts';
import { measureQuality } from './quality.ts';
import type { Recommendations } from './scores.ts';
import { type TemporalSplit, temporalSplit } from './split.ts';
import { uncentre } from './uncentre.ts';

const SEEDS = [1, 2, 3];
const TEST_PAIRS = 10_000;
const RANDOM = createRandom('pinsage');

/**
 * PinSage on the temporal split of completejourney: trained on the first 80 % of the purchases, and asked for what came
 * later. `rows` are recommendations of new items to known households by the neighbours of their medoids, beside other
 * ways; `ndcg10` is that of PinSage, the mean over three trainings, and the lists of the first are in the file `recs`
 * (user,item,rank). `ladder` and `neighbours` are Tables 1 and 4 of the paper, on pairs of later purchases.
 */
export async function measure(): Promise<Figures> {
  const purchases = await readPurchases();
  const { trainedShare: trainShare, minimumBuyers } = RECIPE;
  const split = temporalSplit(purchases, { trainShare, minimumBuyers });
  const vectorsOf = (recipe: Recipe) => pinSageVectors(split, purchases, recipe);
  const pinSage: PinSageVectors[] = [];
  for (const seed of SEEDS) pinSage.push(await vectorsOf({ ...RECIPE, config: { ...RECIPE.config, seed } }));
  const [first] = pinSage;
  const content = contentVectors(split, purchases);
  const others = [
    { name: 'PinSage, not centred', vectors: withAlpha(first!.uncentred, first!.dim, split) },
    { name: 'places in the graph', vectors: placeVectors(split) },
    { name: 'content', vectors: content },
  ];
  const { rows, ndcg10, recommended } = measureQuality({ split, pinSage, others }, RANDOM.fork('quality'));
  const { ladder, neighbours } = await climb(split, content, vectorsOf, RANDOM.fork('ladder'));
  return {
    rows,
    ndcg10: ndcg10.mean,
    ndcg10Low: ndcg10.low,
    ndcg10High: ndcg10.high,
    recs: writeRecommendations(recommended, split, purchases),
    ladder,
    neighbours,
    data: { users: split.relevant.size, items: split.itemIds.length, actions: split.train.at.length },
  };
}

/** Trains all rungs under all seeds, the slow part; what was trained before is in the cache. */
async function climb(
  split: TemporalSplit,
  content: ItemVectors,
  vectorsOf: (recipe: Recipe) => Promise<ItemVectors>,
  random: Random,
): Promise<{ ladder: LadderRow[]; neighbours: LadderRow[] }> {
  const pairs = testPairs(split, RECIPE.config, TEST_PAIRS, random);
  const ranksBy = ({ vectors, dim }: ItemVectors) => ranksOfPositives(vectors, dim, pairs);
  const ranksOf = async (rung: Rung) => {
    const ranks: Float64Array[] = [];
    for (const seed of SEEDS) {
      console.error(`  ladder: ${rung.name}, seed ${seed}`);
      ranks.push(ranksBy(await vectorsOf(recipeOf(RECIPE, rung, seed))));
    }
    return ranks;
  };
  const reference = await ranksOf(PINSAGE);
  const ladder = [ladderRow('content only', [ranksBy(content)], reference, random)];
  for (const rung of LADDER) ladder.push(ladderRow(rung.name, await ranksOf(rung), reference, random));
  const neighbours: LadderRow[] = [];
  for (const size of NEIGHBOURHOOD_SIZES) {
    const rung = { name: `T = ${size}`, config: { neighbours: size } };
    neighbours.push(ladderRow(rung.name, await ranksOf(rung), reference, random));
  }
  return { ladder, neighbours };
}

interface PinSageVectors extends ItemVectors {
  readonly uncentred: Float32Array;
}

async function pinSageVectors(
  split: TemporalSplit,
  purchases: Purchases,
  recipe: Recipe,
): Promise<PinSageVectors> {
  const { itemIds, vectors, dim, alpha, mean } = await completejourneyEmbeddings(purchases, recipe);
  const rowOf = new Map(itemIds.map((itemId, i) => [itemId, i]));
  const own = new Float32Array(split.itemIds.length * dim);
  split.itemIds.forEach((itemId, i) => {
    const from = rowOf.get(itemId);
    if (from !== undefined) own.set(vectors.subarray(from * dim, (from + 1) * dim), i * dim);
  });
  return { vectors: own, dim, alpha, uncentred: uncentre(own, Float32Array.from(mean)) };
}

/** What the items say of themselves. */
function contentVectors(split: TemporalSplit, { catalogue }: Purchases): ItemVectors {
  const layout = { ...RECIPE.layout, structure: 0 };
  const degrees = new Int32Array(split.itemIds.length);
  const features = featureMatrix(split.itemIds, catalogue, degrees, layout);
  const width = features.length / split.itemIds.length;
  centreAndNormalise(features, width);
  return withAlpha(features, width, split);
}

/** What PinSage gets to know of the graph as a feature. */
function placeVectors(split: TemporalSplit): ItemVectors {
  const { itemIds, train } = split;
  const dim = RECIPE.layout.structure;
  const options = { itemCount: itemIds.length, structure: dim };
  const placer = createPlacer(train, options, RANDOM.fork('places'));
  const places = placer.place(new Float32Array(itemIds.length * dim), train);
  centreAndNormalise(places, dim);
  return withAlpha(places, dim, split);
}

/** Chooses α as a training does. */
function withAlpha(vectors: Float32Array, dim: number, { train }: TemporalSplit): ItemVectors {
  const windows = sampleWindows(train, 100, 250, RANDOM.fork('windows'));
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
