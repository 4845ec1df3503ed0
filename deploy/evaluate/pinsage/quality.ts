import { bootstrapMean, type Estimate } from '#algorithms/evaluation/bootstrap.ts';
import { DEFAULT_LAMBDA_PER_DAY } from '#algorithms/pinnersage/importance.ts';
import { DEFAULT_WINDOW_LIMITS } from '#algorithms/pinnersage/window.ts';
import type { Random } from '#algorithms/random.ts';
import { readInterestsConfig } from '../../../services/interests/config.ts';
import { readProposeConfig } from '../../../services/propose/config.ts';
import { medoidNeighbours } from '../../../services/propose/proposers/medoid-neighbours.ts';
import type { Figures } from '../../figures/figures.ts';
import { recommendByItemKnn } from './item-knn.ts';
import { type ItemVectors, interestsOf, recommendByMedoids, recommendPopular } from './medoid-neighbours.ts';
import { recentTakersByItem, takersByItem } from './popularity.ts';
import { gainsByUser, type Recommendations, scoreRecommendations } from './scores.ts';
import { recommendAsServed } from './served.ts';
import type { TemporalSplit } from './split.ts';

/** All actions of a household in `train` count, up to the number of latest actions that the stage keeps. */
const WINDOW = { days: 366, maximum: DEFAULT_WINDOW_LIMITS.maximum, lambdaPerDay: DEFAULT_LAMBDA_PER_DAY };
const MEDOIDS = 50;
const FEWER_MEDOIDS = [10, 20];
const EXPONENT = 0.7;
const HALF_LIFE_DAYS = 30;
/** Neighbours of an item in the collaborative filter. */
const ITEM_NEIGHBOURS = 200;
/** Other numbers of sampled medoids: the paper's three, and the maximum of the stage. */
const OTHERS_SAMPLED = [3, 30];

/** Vectors to recommend by. */
export interface Contestant {
  readonly name: string;
  readonly vectors: ItemVectors;
}

export interface QualityInput {
  readonly split: TemporalSplit;
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
export function measureQuality({ split, pinSage, others }: QualityInput, random: Random): Quality {
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
  for (const { settings, recommended } of served(split, pinSage[0]!))
    score('as served', recommended, settings);

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

/** With the settings of the interests and propose stages, then with other numbers of medoids. */
function* served(split: TemporalSplit, vectors: ItemVectors) {
  const { windowDays, windowMaximum, lambdaPerDay } = readInterestsConfig();
  const window = { days: windowDays, maximum: windowMaximum, lambdaPerDay };
  const interests = interestsOf(split, vectors, window);
  const { candidates, halfLifeDays, settingsOf } = readProposeConfig();
  const config = { candidates, halfLifeDays, ...settingsOf(medoidNeighbours) };
  for (const medoids of [...new Set([config.medoidsSampled, ...OTHERS_SAMPLED])]) {
    const recommended = recommendAsServed(split, interests, vectors, { ...config, medoidsSampled: medoids });
    yield { recommended, settings: { seed: 1, alpha: vectors.alpha, medoids, prior: 'actions of late' } };
  }
}
