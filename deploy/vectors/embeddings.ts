import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DEFAULT_FEATURE_LAYOUT,
  type FeatureLayout,
  featureDimension,
  itemFeatures,
} from '#algorithms/pinsage/features.ts';
import { buildGraph, degrees } from '#algorithms/pinsage/graph.ts';
import { type ActionColumns, splitByTime } from '#algorithms/pinsage/pairs.ts';
import type { TrainInput } from '../../services/retrain/training/train.ts';
import { DEFAULT_TRAIN_CONFIG, type TrainConfig } from '../../services/retrain/training/train-config.ts';
import { trainInChild } from '../../services/retrain/training/train-in-child.ts';
import type { DatasetItem } from '../data/dataset.ts';
import type { Purchases } from '../data/purchases.ts';
import { cacheFolder, fillOnce } from '../local/parts/cache.mjs';

/** PinSage's vectors of completejourney's products, as the retrain stage would release them. */
export interface PinSageEmbeddings {
  readonly itemIds: readonly string[];
  /** itemIds.length × dim, centred, rows of length 1. */
  readonly vectors: Float32Array;
  readonly dim: number;
  /** What was taken off when they were centred; length dim. */
  readonly mean: readonly number[];
  /** The α that the release would carry. */
  readonly alpha: number;
  /** Time of the last purchase they know of, ms: an evaluation walks over what comes later. */
  readonly trainedUntil: number;
}

/** What the vectors depend on beside code and data. */
export interface Recipe {
  /** Raised whenever a change of the code changes the vectors. */
  readonly version: number;
  readonly trainedShare: number;
  /** A product that fewer households bought in that time has no vector. */
  readonly minimumBuyers: number;
  readonly layout: FeatureLayout;
  readonly config: TrainConfig;
}

export const RECIPE: Recipe = {
  version: 7,
  trainedShare: 0.8,
  minimumBuyers: 20,
  layout: DEFAULT_FEATURE_LAYOUT,
  // No deadline in reach, so that the seed alone decides where training ends.
  config: { ...DEFAULT_TRAIN_CONFIG, secondsBudget: 3_600 },
};

/**
 * Trains the embeddings on the first 80 % of the purchases, about a minute, and keeps them in the cache for the next
 * run. Nothing in them, the choice of products included, stems from the rest of the year.
 */
export async function completejourneyEmbeddings(
  purchases: Purchases,
  recipe: Recipe = RECIPE,
): Promise<PinSageEmbeddings> {
  return cachedEmbeddings('completejourney', purchases, recipe);
}

/** The same for the actions of any data set. @param dataset its name in the cache */
export async function cachedEmbeddings(
  dataset: string,
  purchases: Purchases,
  recipe: Recipe,
): Promise<PinSageEmbeddings> {
  const name = `embeddings-${dataset}-${hashOf(recipe)}`;
  const cache = cacheFolder(process.env);
  const folder = join(cache, name);
  if (!existsSync(folder)) {
    console.error(`Training PinSage on ${dataset}, once (about a minute) …`);
    const { vectors, ...card } = await train(purchases, recipe);
    await fillOnce(cache, name, async (partial) => {
      writeFileSync(join(partial, 'card.json'), JSON.stringify(card));
      writeFileSync(join(partial, 'vectors.f32'), vectors);
    });
  }
  const card = JSON.parse(readFileSync(join(folder, 'card.json'), 'utf8')) as Omit<
    PinSageEmbeddings,
    'vectors'
  >;
  const bytes = readFileSync(join(folder, 'vectors.f32'));
  // A copy of its own, since a Buffer may lie anywhere in its pool and floats must be aligned.
  return { ...card, vectors: new Float32Array(Uint8Array.from(bytes).buffer) };
}

async function train(purchases: Purchases, recipe: Recipe): Promise<PinSageEmbeddings> {
  const { itemIds, trainedUntil, input } = trainingInput(purchases, recipe);
  const { embeddings, alpha, weights, metrics } = await trainInChild(input, ({ epoch, heldOut }) =>
    console.error(`  epoch ${epoch}: held-out hit rate@100 ${heldOut.hitRateAt100.toFixed(3)}`),
  );
  const { used, reason } = metrics.hardNegatives;
  if (recipe.config.hardNegatives !== false && !used) console.error(`  without hard negatives: ${reason}`);
  return {
    itemIds,
    vectors: embeddings,
    dim: recipe.config.dim,
    mean: Array.from(weights.mean),
    alpha: alpha.alpha,
    trainedUntil,
  };
}

/** What the trainer is given, the product of each of its item numbers, and the time of the last purchase it knows of. */
export function trainingInput(
  purchases: Purchases,
  { config, layout, trainedShare, minimumBuyers }: Recipe,
): { itemIds: string[]; trainedUntil: number; input: TrainInput } {
  const early = splitByTime(purchases.columns, 1 - trainedShare).before;
  const { itemIds, actions } = popularItems(early, purchases.itemIds, minimumBuyers);
  const before = splitByTime(actions, config.heldOutShare).before;
  const graph = buildGraph(before, { itemCount: itemIds.length });
  const features = featureMatrix(itemIds, purchases.catalogue, degrees(graph.contextsOfItem), layout);
  return {
    itemIds,
    trainedUntil: early.at.at(-1)!,
    input: { itemCount: itemIds.length, features, structure: layout.structure, actions, config },
  };
}

/** itemIds.length × f, row-major; a product without an entry has nothing but its degree. */
export function featureMatrix(
  itemIds: readonly string[],
  catalogue: ReadonlyMap<string, DatasetItem>,
  degreeOf: Int32Array,
  layout: FeatureLayout,
): Float32Array {
  const width = featureDimension(layout);
  const matrix = new Float32Array(itemIds.length * width);
  itemIds.forEach((itemId, row) => {
    const { categories = [], attributes = {}, title = '', text = '' } = catalogue.get(itemId) ?? {};
    const content = { categories, attributes, text: `${title} ${text}` };
    matrix.set(itemFeatures(content, degreeOf[row]!, layout), row * width);
  });
  return matrix;
}

/** The purchases of products that enough households bought, with those products numbered densely. */
function popularItems(
  { user, context, item, weight, at }: ActionColumns,
  ids: readonly string[],
  minimumBuyers: number,
): { itemIds: string[]; actions: ActionColumns } {
  const buyers = new Map<number, Set<number>>();
  item.forEach((product, i) => {
    const households = buyers.get(product) ?? new Set();
    buyers.set(product, households.add(user[i]!));
  });
  const chosen = [...buyers].filter(([, { size }]) => size >= minimumBuyers).map(([product]) => product);
  const dense = new Map(chosen.map((product, number) => [product, number]));
  const kept = Int32Array.from(item.keys()).filter((i) => dense.has(item[i]!));
  return {
    itemIds: chosen.map((product) => ids[product]!),
    actions: {
      user: Int32Array.from(kept, (i) => user[i]!),
      context: Int32Array.from(kept, (i) => context[i]!),
      item: Int32Array.from(kept, (i) => dense.get(item[i]!)!),
      weight: Float32Array.from(kept, (i) => weight[i]!),
      at: Float64Array.from(kept, (i) => at[i]!),
    },
  };
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12);
}
