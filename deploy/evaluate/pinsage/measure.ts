import { splitByTime } from '#algorithms/pinsage/pairs.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { ranksOfPositives } from '../../../services/retrain/training/evaluate.ts';
import { readPurchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { RECIPE, type Recipe } from '../../vectors/embeddings.ts';
import { seedsOf } from '../options.ts';
import {
  contentVectors,
  type PinSageVectors,
  pinSageVectors,
  placeVectors,
  withAlpha,
} from './item-vectors.ts';
import {
  crossEntropyAt,
  LADDER,
  type LadderRow,
  ladderRow,
  meanReciprocalRank,
  NEIGHBOURHOOD_SIZES,
  PINSAGE_RUNG,
  type Rung,
  recipeOf,
  TEMPERATURES,
  testPairs,
} from './ladder.ts';
import type { ItemVectors } from './medoid-neighbours.ts';
import { measureQuality } from './quality.ts';
import { writeRecommendations } from './recommendations-file.ts';
import { scoreRecommendations } from './scores.ts';
import { type TemporalSplit, temporalSplit } from './split.ts';

const TEST_PAIRS = 10_000;
const RANDOM = createRandom('pinsage');

/**
 * PinSage on the temporal split of completejourney: trained on the first 80 % of the purchases, and tested on later
 * ones. `rows` are recommendations of new items to known households by the neighbours of their medoids, beside other
 * methods; `ndcg10` is that of PinSage, the mean over the trainings, three unless `--seeds` names another number. The lists of the first are in the file `recs`
 * (user,item,rank), whose score is `recsNdcg10`. `ladder` and `neighbours` are Tables 1 and 4 of the paper, on pairs
 * of later purchases.
 */
export async function measure({
  seeds: count,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const seeds = seedsOf(count);
  const purchases = await readPurchases();
  const { trainedShare: trainShare, minimumBuyers } = RECIPE;
  const split = temporalSplit(purchases, { trainShare, minimumBuyers });
  const vectorsOf = (recipe: Recipe) => pinSageVectors(split, purchases, recipe);
  const pinSage: PinSageVectors[] = [];
  for (const seed of seeds) pinSage.push(await vectorsOf({ ...RECIPE, config: { ...RECIPE.config, seed } }));
  const [first] = pinSage;
  const content = contentVectors(split, purchases, RANDOM);
  const others = [
    { name: 'PinSage, not centred', vectors: withAlpha(first!.uncentred, first!.dim, split, RANDOM) },
    { name: 'places in the graph', vectors: placeVectors(split, RANDOM) },
    { name: 'content', vectors: content },
  ];
  const input = { split, purchases, pinSage, others };
  const { rows, ndcg10, recommended } = await measureQuality(input, RANDOM.fork('quality'));
  const { ladder, neighbours } = await climb(split, content, vectorsOf, {
    seeds,
    random: RANDOM.fork('ladder'),
  });
  return {
    rows,
    ndcg10: ndcg10.mean,
    ndcg10Low: ndcg10.low,
    ndcg10High: ndcg10.high,
    recs: writeRecommendations('pinsage-recs.csv', recommended, split, purchases),
    recsNdcg10: scoreRecommendations(split, recommended).ndcg10,
    ladder,
    neighbours,
    data: { users: split.relevant.size, items: split.itemIds.length, actions: split.train.at.length },
  };
}

/** The temperature by which the pairs of the newest part of the training time stand highest; their pairs are no examples, and the first seed counts. */
async function tuneTemperature(
  { train }: TemporalSplit,
  vectorsOf: (recipe: Recipe) => Promise<ItemVectors>,
  random: Random,
): Promise<number> {
  const test = splitByTime(train, RECIPE.config.heldOutShare).after;
  const pairs = testPairs({ test }, RECIPE.config, TEST_PAIRS, random.fork('temperatures'));
  let best = { temperature: 1, score: Number.NEGATIVE_INFINITY };
  for (const temperature of TEMPERATURES) {
    const { vectors, dim } = await vectorsOf(recipeOf(RECIPE, crossEntropyAt(temperature), 1));
    const score = meanReciprocalRank(ranksOfPositives(vectors, dim, pairs));
    console.error(
      `  temperature ${temperature}: mean reciprocal rank ${score.toFixed(4)} inside the training time`,
    );
    if (score > best.score) best = { temperature, score };
  }
  return best.temperature;
}

/** Trains all rungs under all seeds, the slow part; earlier trainings are read from the cache. */
async function climb(
  split: TemporalSplit,
  content: ItemVectors,
  vectorsOf: (recipe: Recipe) => Promise<ItemVectors>,
  { seeds, random }: { readonly seeds: readonly number[]; readonly random: Random },
): Promise<{ ladder: LadderRow[]; neighbours: LadderRow[] }> {
  const pairs = testPairs(split, RECIPE.config, TEST_PAIRS, random);
  const ranksBy = ({ vectors, dim }: ItemVectors) => ranksOfPositives(vectors, dim, pairs);
  const ranksOf = async (rung: Rung) => {
    const ranks: Float64Array[] = [];
    for (const seed of seeds) {
      console.error(`  ladder: ${rung.name}, seed ${seed}`);
      ranks.push(ranksBy(await vectorsOf(recipeOf(RECIPE, rung, seed))));
    }
    return ranks;
  };
  const judge = { reference: await ranksOf(PINSAGE_RUNG), users: pairs.user };
  const ladder = [ladderRow('content only', [ranksBy(content)], judge, random)];
  const tuned = crossEntropyAt(await tuneTemperature(split, vectorsOf, random));
  for (const rung of [...LADDER, tuned])
    ladder.push(ladderRow(rung.name, await ranksOf(rung), judge, random));
  const neighbours: LadderRow[] = [];
  for (const size of NEIGHBOURHOOD_SIZES) {
    const rung = { name: `T = ${size}`, config: { neighbours: size } };
    neighbours.push(ladderRow(rung.name, await ranksOf(rung), judge, random));
  }
  return { ladder, neighbours };
}
