import { bootstrapMean } from '#algorithms/evaluation/bootstrap.ts';
import { createRandom, type Random } from '#algorithms/random.ts';
import { centreAndNormalise } from '#algorithms/vectors.ts';
import { trainBehaviour } from '../../../services/retrain/trainers/behaviour.ts';
import { createDayPairs } from '../../../services/retrain/training/hybrid/day-pairs.ts';
import type { ItemPart } from '../../../services/retrain/training/hybrid/hybrid-graph.ts';
import {
  DEFAULT_HYBRID_CONFIG,
  type HybridConfig,
  trainHybrid,
} from '../../../services/retrain/training/hybrid/train-hybrid.ts';
import { readPurchases } from '../../data/purchases.ts';
import type { Figures } from '../../figures/figures.ts';
import { RECIPE } from '../../vectors/embeddings.ts';
import { seedsOf } from '../options.ts';
import { gainsByUser } from '../pinsage/scores.ts';
import { temporalSplit } from '../pinsage/split.ts';
import { contentParts, itemParts } from './item-parts.ts';
import { recommendByMean } from './recommend-by-mean.ts';
import { hitsOfPairs, pairsAmong, smallCategories, subCatalogue } from './small-categories.ts';

const TEST_PAIRS = 3_000;
const NOT_SHOWN = 'not shown on public data here';

/** A figure with and without the lesson, by seed, of the same cases. */
interface Compared {
  readonly on: Float64Array[];
  readonly off: Float64Array[];
}

/**
 * The five lessons of a marketplace (arXiv 1809.02131), each as a switch of the hybrid vectors, on the temporal split of completejourney:
 * trained on the first 80 % of the purchases, and tested on the items that households buy later for the first time (NDCG@10), or on
 * later pairs of one household and day (hit rate at 10). `low` and `high` are the 95 % interval of on − off, by bootstrap over seeds and
 * cases.
 */
export async function measure({
  seeds: count,
}: Readonly<Record<string, string | undefined>>): Promise<Figures> {
  const purchases = await readPurchases();
  const { trainedShare: trainShare, minimumBuyers } = RECIPE;
  const split = temporalSplit(purchases, { trainShare, minimumBuyers });
  const { train, itemIds } = split;
  const itemCount = itemIds.length;
  const content = contentParts(itemIds, purchases.catalogue);
  const popularity = takenOften(train.item, itemCount);
  const pairs = createDayPairs(train);
  const small = smallCategories(itemIds, purchases.catalogue, train.item);
  const rare = subCatalogue(small, content, train);
  const rarePairs = pairsAmong(split.test, small, TEST_PAIRS, createRandom('pairs of small categories'));
  const staged = compared();
  const labels = compared();
  const transfer = compared();
  const attention = compared();
  for (const seed of seedsOf(count)) {
    const train1 = async (parts: readonly ItemPart[], change: Partial<HybridConfig> = {}) =>
      vectorsOf({ itemCount, parts, pairs, popularity, seed }, change);
    const gains = (vectors: Float32Array, dim: number) =>
      gainsByUser(split, recommendByMean(split, vectors, dim));
    const parts = itemParts(content, trainBehaviour(train, itemCount, seed));
    const { dim } = DEFAULT_HYBRID_CONFIG;
    const hybrid = gains(await train1(parts), dim);
    note('hybrid', seed, hybrid);
    push(staged, hybrid, gains(await train1(parts, { staged: false }), dim));
    push(attention, hybrid, gains(await train1(parts, { attention: false }), dim));
    const learned = await train1(content);
    push(labels, gains(learned, dim), gains(...untrained(content, itemCount)));
    const alone = await vectorsOf({ ...rare, seed });
    push(
      transfer,
      hitsOfPairs(learned, dim, rarePairs, small),
      hitsOfPairs(spread(alone, small, itemCount, dim), dim, rarePairs, small),
    );
  }
  const random = createRandom('lessons');
  const newItems = 'completejourney, NDCG@10 of new items';
  const ofSmall = `completejourney, hit rate at 10 among the ${small.length} items of small departments, by text and attributes`;
  return {
    rows: [
      rowOf('training in stages rather than end to end', staged, newItems, random),
      {
        lesson: 'behaviours beyond page views',
        on: NOT_SHOWN,
        off: NOT_SHOWN,
        low: NOT_SHOWN,
        high: NOT_SHOWN,
        data: `${NOT_SHOWN}: completejourney has purchases alone, the click log views alone, and ml-100k ratings alone`,
      },
      rowOf(
        'behaviours as noisy labels of the content, rather than the content as it is',
        labels,
        newItems,
        random,
      ),
      rowOf('transfer from all departments to those with little data', transfer, ofSmall, random),
      rowOf('attention to the parts rather than equal weights', attention, newItems, random),
    ],
    data: {
      users: split.relevant.size,
      items: itemCount,
      actions: train.at.length,
      pairs: rarePairs.left.length,
    },
  };
}

const compared = (): Compared => ({ on: [], off: [] });

function push({ on, off }: Compared, own: Float64Array, other: Float64Array): void {
  on.push(own);
  off.push(other);
}

function rowOf(lesson: string, { on, off }: Compared, data: string, random: Random): Figures {
  const differences = on.map((own, seed) => own.map((value, place) => value - off[seed]![place]!));
  const { low, high } = bootstrapMean(differences, random.fork(lesson));
  const mean = (tables: readonly Float64Array[]) =>
    tables.reduce((sum, own) => sum + own.reduce((all, one) => all + one, 0) / own.length, 0) / tables.length;
  const row = { lesson, on: mean(on), off: mean(off), low, high, data };
  console.error(
    `  ${lesson}: ${row.on.toFixed(4)} against ${row.off.toFixed(4)} (${low.toFixed(4)} to ${high.toFixed(4)})`,
  );
  return row;
}

function note(name: string, seed: number, gains: Float64Array): void {
  const mean = gains.reduce((sum, one) => sum + one, 0) / gains.length;
  console.error(`  ${name}, seed ${seed}: NDCG@10 ${mean.toFixed(4)}`);
}

async function vectorsOf(input: Parameters<typeof trainHybrid>[0], change: Partial<HybridConfig> = {}) {
  const config = { ...DEFAULT_HYBRID_CONFIG, ...change };
  const { vectors } = await trainHybrid(input, config);
  centreAndNormalise(vectors, config.dim);
  return vectors;
}

/** The parts side by side, centred, as nobody trained them; and their width. */
function untrained(parts: readonly ItemPart[], itemCount: number): [Float32Array, number] {
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const vectors = new Float32Array(itemCount * width);
  let column = 0;
  for (const part of parts) {
    for (let item = 0; item < itemCount; item++)
      vectors.set(part.values.subarray(item * part.width, (item + 1) * part.width), item * width + column);
    column += part.width;
  }
  centreAndNormalise(vectors, width);
  return [vectors, width];
}

/** Vectors of some items at their numbers in the whole catalogue. */
function spread(own: Float32Array, items: Int32Array, itemCount: number, dim: number): Float32Array {
  const vectors = new Float32Array(itemCount * dim);
  items.forEach((item, place) => void vectors.set(own.subarray(place * dim, (place + 1) * dim), item * dim));
  return vectors;
}

function takenOften(items: Int32Array, itemCount: number): Int32Array {
  const counts = new Int32Array(itemCount);
  for (const item of items) counts[item]!++;
  return counts;
}
