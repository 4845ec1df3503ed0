import { createRandom } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import { readPurchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { SetupError } from '../../local/parts/setup-error.mjs';
import { RECIPE } from '../../vectors/embeddings.ts';
import { recommendByItemKnn } from '../pinsage/item-knn.ts';
import { pinSageVectors } from '../pinsage/item-vectors.ts';
import { recommendPopular } from '../pinsage/medoid-neighbours.ts';
import { recentTakersByItem, takersByItem } from '../pinsage/popularity.ts';
import { writeRecommendations } from '../pinsage/recommendations-file.ts';
import type { Recommendations } from '../pinsage/scores.ts';
import { temporalSplit } from '../pinsage/split.ts';
import type { LogEnd } from '../served/log-end.ts';
import { companionsOf } from './companions.ts';
import { rowOf } from './row.ts';
import { ALL_MODELS, serveAll } from './serve-all.ts';

const SEEDS = [1, 2, 3];
const DATASET = 'completejourney';
const ITEM_NEIGHBOURS = 200;
const RECENT_DAYS = 60;

/**
 * New items of known users on the temporal split: the first 80 % of the purchases are the log, and the items that a household buys later for
 * the first time are to be found among all others. `as served` rows are the lists of one model of the stage propose by its own code and
 * default settings, `sum` the order of rerank before it has learned and without exploring. `seed` is that of PinSage and of the factors.
 */
export async function measure({
  dataset = DATASET,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  if (dataset !== DATASET)
    throw new SetupError(`There is no data set ${dataset} here`, `Choose --dataset ${DATASET}.`);
  const purchases = await readPurchases();
  const split = temporalSplit(purchases, {
    trainShare: RECIPE.trainedShare,
    minimumBuyers: RECIPE.minimumBuyers,
  });
  const random = createRandom('temporal');
  const rows: Figures[] = [];
  const score = (name: string, recommended: Recommendations, settings: Figures = {}) => {
    const row = { ...rowOf(name, split, recommended, random), ...settings };
    console.error(`  ${name}: NDCG@10 ${Number(row.ndcg10).toFixed(4)}`);
    rows.push(row);
  };
  const takers = takersByItem(split);
  score('popularity', recommendPopular(split, takers));
  score('recent popularity', recommendPopular(split, recentTakersByItem(split, RECENT_DAYS)));
  score(
    'ItemKNN',
    recommendByItemKnn(
      split,
      takers.map(() => 1),
      ITEM_NEIGHBOURS,
    ),
  );
  const { itemIds, train } = split;
  const { userIds, catalogue } = purchases;
  let recs = '';
  for (const seed of SEEDS) {
    const vectors = await pinSageVectors(split, purchases, { ...RECIPE, config: { ...RECIPE.config, seed } });
    const behaviour = trainBehaviour(train, itemIds.length, seed);
    const companions = await companionsOf(split, purchases, { ...vectors, behaviour }, seed);
    const log: LogEnd = { userIds, itemIds, actions: train, catalogue, vectors, behaviour, companions };
    const config = { interests: readInterestsConfig(), propose: readProposeConfig(ALL_MODELS) };
    const lists = await serveAll(log, split, config);
    for (const [name, recommended] of lists) score(name, recommended, { seed });
    if (recs === '')
      recs = writeRecommendations('temporal-recs.csv', lists.get('all, as served')!, split, purchases);
  }
  return {
    rows,
    recs,
    data: { users: split.relevant.size, items: itemIds.length, actions: train.at.length },
  };
}
