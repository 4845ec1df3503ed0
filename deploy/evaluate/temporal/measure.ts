import { createRandom } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import type { Figures } from '../../figures/figures.ts';
import { RECIPE } from '../../vectors/embeddings.ts';
import { recommendByItemKnn } from '../pinsage/item-knn.ts';
import { pinSageVectors } from '../pinsage/item-vectors.ts';
import { recommendPopular } from '../pinsage/medoid-neighbours.ts';
import { recentTakersByItem, takersByItem } from '../pinsage/popularity.ts';
import { writeRecommendations } from '../pinsage/recommendations-file.ts';
import type { Recommendations } from '../pinsage/scores.ts';
import { temporalSplit } from '../pinsage/split.ts';
import type { LogEnd } from '../served/log-end.ts';
import { recommendByAls } from './als.ts';
import { companionsOf } from './companions.ts';
import { seedsOf } from '../seeds.ts';
import { openLog } from './logs.ts';
import { leadOf, rowOf } from './row.ts';
import { ALL_MODELS, serveAll } from './serve-all.ts';

const ITEM_NEIGHBOURS = 200;
const RECENT_DAYS = 60;

/**
 * New items of known users on the temporal split: the first 80 % of the purchases are the log, and the items that a household buys later for
 * the first time are to be found among all others. Rows of a model are its lists by the code of the stage propose, `all` is the order of
 * rerank before it has learned and without exploring, `sum` the same without the combiner, and `as served` the slates of ten that rerank
 * composes of all lists, whose file is `recs`. `paired` is the lead of `as served` in NDCG@10, user by user. `seed` is that of all trainings.
 */
export async function measure({
  dataset = 'completejourney',
  seeds: count,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const seeds = seedsOf(count);
  const { purchases, minimumBuyers } = await openLog(dataset);
  const split = temporalSplit(purchases, { trainShare: RECIPE.trainedShare, minimumBuyers });
  const random = createRandom('temporal');
  const rows: Figures[] = [];
  const score = (name: string, recommended: Recommendations, settings: Figures = {}) => {
    const row = { ...rowOf(name, split, recommended, random), ...settings };
    const seconds = Math.round(performance.now() / 1_000);
    console.error(`  ${name}: NDCG@10 ${Number(row.ndcg10).toFixed(4)} (after ${seconds} s)`);
    rows.push(row);
  };
  const takers = takersByItem(split);
  score('popularity', recommendPopular(split, takers));
  const recent = recommendPopular(split, recentTakersByItem(split, RECENT_DAYS));
  score('recent popularity', recent);
  score(
    'ItemKNN',
    recommendByItemKnn(
      split,
      takers.map(() => 1),
      ITEM_NEIGHBOURS,
    ),
  );
  const als = await recommendByAls(split, seeds[0]!);
  score('ALS', als.recommended, als.setting);
  const { itemIds, train } = split;
  const { userIds, catalogue } = purchases;
  let recs = '';
  const served: Recommendations[] = [];
  for (const seed of seeds) {
    const recipe = { ...RECIPE, minimumBuyers, config: { ...RECIPE.config, seed } };
    const vectors = await pinSageVectors(split, purchases, recipe, dataset);
    const behaviour = trainBehaviour(train, itemIds.length, seed);
    const companions = await companionsOf(split, purchases, { ...vectors, behaviour }, seed);
    const log: LogEnd = { userIds, itemIds, actions: train, catalogue, vectors, behaviour, companions };
    const config = { interests: readInterestsConfig(), propose: readProposeConfig(ALL_MODELS) };
    const lists = await serveAll(log, split, config);
    for (const [name, recommended] of lists) score(name, recommended, { seed });
    served.push(lists.get('as served')!);
    if (recs === '')
      recs = writeRecommendations(`temporal-recs-${dataset}.csv`, lists.get('as served')!, split, purchases);
  }
  const paired = [
    leadOf('ALS', split, served, als.recommended, random),
    leadOf('recent popularity', split, served, recent, random),
  ];
  return {
    rows,
    paired,
    recs,
    data: { users: split.relevant.size, items: itemIds.length, actions: train.at.length },
  };
}
