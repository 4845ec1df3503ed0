import { createRandom } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import type { CombinerHorizon } from '../../../services/retrain/trainers/combiner-choices.ts';
import type { Purchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { RECIPE, type Recipe } from '../../vectors/embeddings.ts';
import { horizonOf, seedsOf } from '../options.ts';
import { recommendByItemKnn } from '../pinsage/item-knn.ts';
import { pinSageVectors } from '../pinsage/item-vectors.ts';
import { recommendPopular } from '../pinsage/medoid-neighbours.ts';
import { newestTakersByItem, recentTakersByItem, takersByItem } from '../pinsage/popularity.ts';
import { writeRecommendations } from '../pinsage/recommendations-file.ts';
import type { Recommendations } from '../pinsage/scores.ts';
import { type TemporalSplit, temporalSplit } from '../pinsage/split.ts';
import { recommendByAls } from './als.ts';
import { companionsOf } from './companions.ts';
import { type CurveRow, liftCurve } from './lift-curve.ts';
import { openLog } from './logs.ts';
import { leadOf, meanOf, rowOf } from './row.ts';
import { ALL_MODELS, AS_SERVED, listsOf, proposeAll } from './serve-all.ts';

const ITEM_NEIGHBOURS = 200;
const RECENT_DAYS = 60;

/**
 * New items of known users on the temporal split: the first 80 % of the purchases are the log, and the items that a household buys later for
 * the first time are to be found among all others. Rows of a model are its lists by the code of the stage propose, `all` is the order of
 * rerank before it has learned and without exploring, `sum` the same without the combiner, and `as served` the slates of ten that rerank
 * composes of all lists; `recs` is the file of the first seed's. `seed` is that of all trainings, `means` has the mean of each row over the
 * seeds, `setting` says what the combiner foresees, `curve` is coverage against NDCG@10 by the largest lift of under-served items (first seed), and `paired` is the lead of `as served` in NDCG@10, user by user.
 */
export async function measure({
  dataset = 'completejourney',
  seeds: count,
  horizon,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const seeds = seedsOf(count);
  const foreseen = horizonOf(horizon);
  const { purchases, minimumBuyers, newestShare } = await openLog(dataset);
  const split = temporalSplit(purchases, { trainShare: RECIPE.trainedShare, minimumBuyers });
  const random = createRandom('temporal');
  const rows: Figures[] = [];
  const score = (name: string, recommended: Recommendations, settings: Figures = {}) => {
    const row = { ...rowOf(name, split, recommended, random), ...settings };
    const seconds = Math.round(performance.now() / 1_000);
    console.error(`  ${name}: NDCG@10 ${Number(row.ndcg10).toFixed(4)} (after ${seconds} s)`);
    rows.push(row);
    return recommended;
  };
  const peers = await recommendByPeers(split, { newestShare, seed: seeds[0]! }, score);
  const { userIds, catalogue } = purchases;
  const { itemIds, train } = split;
  const bySeed = new Map<string, Recommendations[]>();
  let curve: CurveRow[] = [];
  for (const seed of seeds) {
    const config = { interests: readInterestsConfig(), propose: readProposeConfig(ALL_MODELS) };
    const recipe = { ...RECIPE, minimumBuyers, config: { ...RECIPE.config, seed } };
    const models = await trainAll(split, purchases, recipe, { dataset, foreseen });
    const log = { userIds, itemIds, actions: train, catalogue, ...models };
    const served = await proposeAll(log, split, config);
    for (const [name, recommended] of listsOf(served, log, split)) {
      score(name, recommended, { seed });
      bySeed.set(name, [...(bySeed.get(name) ?? []), recommended]);
    }
    if (seed === seeds[0]) curve = await liftCurve(log, split, served, random);
  }
  const served = bySeed.get(AS_SERVED)!;
  return {
    rows,
    means: [...bySeed].map(([name, recommended]) => meanOf(name, split, recommended, random)),
    paired: [...peers].map(([peer, recommended]) => leadOf(peer, split, served, recommended, random)),
    curve,
    recs: writeRecommendations(`temporal-recs-${dataset}.csv`, served[0]!, split, purchases),
    setting: { horizon: foreseen },
    data: { users: split.relevant.size, items: itemIds.length, actions: train.at.length },
  };
}

type Score = (name: string, recommended: Recommendations, settings?: Figures) => Recommendations;

/** @returns the lists of the peers that are compared with user by user */
async function recommendByPeers(
  split: TemporalSplit,
  { newestShare, seed }: { readonly newestShare: number; readonly seed: number },
  score: Score,
): Promise<Map<string, Recommendations>> {
  const takers = takersByItem(split);
  const alike = takers.map(() => 1);
  const newest = `popularity of the newest ${Math.round(100 * newestShare)} %`;
  score('popularity', recommendPopular(split, takers));
  const peers = new Map([
    ['recent popularity', recommendPopular(split, recentTakersByItem(split, RECENT_DAYS))],
    [newest, recommendPopular(split, newestTakersByItem(split, newestShare))],
    ['ItemKNN', recommendByItemKnn(split, alike, ITEM_NEIGHBOURS)],
  ]);
  for (const [name, recommended] of peers) score(name, recommended);
  const { recommended, setting } = await recommendByAls(split, seed);
  return peers.set('ALS', score('ALS', recommended, setting));
}

/** All models, trained by the code of retrain on the training part of the split. */
async function trainAll(
  split: TemporalSplit,
  purchases: Purchases,
  recipe: Recipe,
  { dataset, foreseen }: { readonly dataset: string; readonly foreseen: CombinerHorizon },
) {
  const { seed } = recipe.config;
  const vectors = await pinSageVectors(split, purchases, recipe, dataset);
  const behaviour = trainBehaviour(split.train, split.itemIds.length, seed);
  const companions = await companionsOf(split, purchases, { ...vectors, behaviour }, seed, foreseen);
  return { vectors, behaviour, companions };
}
