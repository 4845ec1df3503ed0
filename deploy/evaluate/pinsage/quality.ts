import { bootstrapMean, type Estimate } from '#algorithms/evaluation/bootstrap.ts';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { DEFAULT_WINDOW_LIMITS } from '#algorithms/pinnersage/window.ts';
import type { Random } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import type { Purchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { recommendByItemKnn } from './item-knn.ts';
import { type ItemVectors, interestsOf, recommendByMedoids, recommendPopular } from './medoid-neighbours.ts';
import { recentTakersByItem, takersByItem } from './popularity.ts';
import { gainsByUser, type Recommendations, scoreRecommendations } from './scores.ts';
import { recommendAsServed, type ServedInput } from './served.ts';
import type { TemporalSplit } from './split.ts';

/** All actions of a household in `train` count, up to the number of latest actions that the stage keeps. */
const WINDOW = { days: 366, maximum: DEFAULT_WINDOW_LIMITS.maximum, lambdaPerDay: DEFAULT_LAMBDA_PER_DAY };
const MEDOIDS = 50;
const FEWER_MEDOIDS = [10, 20];
const EXPONENT = 0.7;
const HALF_LIFE_DAYS = 30;
/** Neighbours of an item in the collaborative filter. */
const ITEM_NEIGHBOURS = 200;
/** Numbers of medoids to sample: the paper's three, and ten. */
const MEDOIDS_SAMPLED = [3, 10];

/** Vectors to recommend by. */
export interface Contestant {
  readonly name: string;
  readonly vectors: ItemVectors;
}

export interface QualityInput {
  readonly split: TemporalSplit;
  /** The purchases from which the split was made. */
  readonly purchases: Pick<Purchases, 'userIds' | 'catalogue'>;
  /** PinSage's vectors, one training per seed. The first one is also used to measure the parts of the method. */
  readonly pinSage: readonly ItemVectors[];
  readonly others: readonly Contestant[];
}

export interface Quality {
  readonly rows: readonly Figures[];
  /** NDCG@10 of PinSage's medoid neighbours over users and seeds; the 95 % interval treats both as random. */
  readonly ndcg10: Estimate;
  /** The lists of the first seed. */
  readonly recommended: Recommendations;
}

/** Scores the recommendations to each test user through the neighbours of medoids, beside popularity and ItemKNN. */
export async function measureQuality(input: QualityInput, random: Random): Promise<Quality> {
  const { split, purchases, pinSage, others } = input;
  const rows: Figures[] = [];
  const priors = createPriors(split);
  const score = (name: string, recommended: Recommendations, settings: Figures = {}) => {
    const row = { name, ...scoreRecommendations(split, recommended), ...settings };
    console.error(`  ${name}: NDCG@10 ${row.ndcg10.toFixed(4)}`);
    rows.push(row);
    return recommended;
  };
  const byMedoids = (name: string, vectors: ItemVectors, variants: readonly Variant[], seed = 1) => {
    const interests = interestsOf(split, vectors, WINDOW);
    return variants.map(({ medoids = MEDOIDS, prior = 'recent takers' }) => {
      const recommended = recommendByMedoids(split, interests, vectors, priors[prior], medoids);
      return score(name, recommended, { seed, alpha: vectors.alpha, medoids, prior });
    });
  };

  score('popularity', recommendPopular(split, priors.takers));
  for (const prior of PRIORS) {
    score('ItemKNN', recommendByItemKnn(split, priors[prior], ITEM_NEIGHBOURS), { prior });
  }
  const [first, ...more] = pinSage.map((vectors, i) => byMedoids('PinSage', vectors, [{}], i + 1)[0]!);
  byMedoids('PinSage', pinSage[0]!, PARTS);
  for (const { name, vectors } of others) byMedoids(name, vectors, [{}]);
  const { userIds, catalogue } = purchases;
  for (const [place, vectors] of pinSage.entries()) {
    for await (const { settings, recommended } of served({ split, userIds, catalogue, vectors })) {
      score('as served', recommended, { ...settings, seed: place + 1 });
      // The parts of the method are measured on the first seed.
      if (place > 0) break;
    }
  }

  const gains = [first!, ...more].map((recommended) => gainsByUser(split, recommended));
  return { rows, ndcg10: bootstrapMean(gains, random), recommended: first! };
}

type Prior = keyof ReturnType<typeof createPriors>;

/** Settings from vectors to lists; the defaults are the best ones. */
interface Variant {
  readonly medoids?: number;
  readonly prior?: Prior;
}

const PRIORS: readonly Prior[] = ['none', 'takers', 'recent takers'];

/** The loss with fewer medoids and with other priors. */
const PARTS: readonly Variant[] = [
  ...FEWER_MEDOIDS.map((medoids) => ({ medoids })),
  { prior: 'takers' },
  { prior: 'none' },
];

function createPriors(split: TemporalSplit) {
  return {
    none: new Float64Array(split.itemIds.length).fill(1),
    takers: takersByItem(split).map((takers) => takers ** EXPONENT),
    'recent takers': recentTakersByItem(split, HALF_LIFE_DAYS).map((takers) => takers ** EXPONENT),
  };
}

/** The list of the stages with their settings, then with sampled medoids. */
async function* served(input: ServedInput) {
  const interests = readInterestsConfig();
  for (const sampled of [undefined, ...MEDOIDS_SAMPLED]) {
    const medoids = sampled === undefined ? {} : { TRIBUTARY_MEDOIDS_SAMPLED: String(sampled) };
    const propose = readProposeConfig({
      ...process.env,
      ...medoids,
      TRIBUTARY_PROPOSERS: 'medoid-neighbours',
    });
    const recommended = await recommendAsServed(input, { interests, propose });
    yield {
      recommended,
      settings: { alpha: input.vectors.alpha, medoids: sampled ?? 'all', prior: 'recent actions' },
    };
  }
}
