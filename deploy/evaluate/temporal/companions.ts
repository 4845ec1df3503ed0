import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import { groupsOf } from '#algorithms/combiner/item-groups.ts';
import { buildGraph, degrees } from '#algorithms/pinsage/graph.ts';
import { createRandom } from '#algorithms/random.ts';
import type { CombinerHorizon } from '../../../services/retrain/trainers/combiner-choices.ts';
import { type TrainedCompanion, trainCompanions } from '../../../services/retrain/trainers/companion.ts';
import { COMPANIONS } from '../../../services/retrain/trainers/registry.ts';
import { createPlacer, placesOf } from '../../../services/retrain/training/places.ts';
import type { Purchases } from '../../data/purchases.ts';
import { featureMatrix, RECIPE } from '../../vectors/embeddings.ts';
import type { ItemVectors } from '../pinsage/medoid-neighbours.ts';
import type { TemporalSplit } from '../pinsage/split.ts';

/**
 * The models that retrain trains beside PinSage, by its own code, on the training part of a split.
 * @param seed that of all trainings
 * @param combinerHorizon what the combiner foresees: by default what is taken in the months after its lists were made, by which these
 *   evaluations judge them
 */
export async function companionsOf(
  { itemIds, train }: Pick<TemporalSplit, 'itemIds' | 'train'>,
  { catalogue }: Pick<Purchases, 'catalogue'>,
  { vectors, behaviour }: Pick<ItemVectors, 'vectors'> & { readonly behaviour: BehaviourFactors },
  seed: number,
  combinerHorizon: CombinerHorizon = 'lasting',
): Promise<TrainedCompanion[]> {
  const { layout } = RECIPE;
  const { structure } = layout;
  const itemCount = itemIds.length;
  const graph = buildGraph(train, { itemCount });
  const features = featureMatrix(itemIds, catalogue, degrees(graph.contextsOfItem), layout);
  const placer = createPlacer(train, { itemCount, structure }, createRandom(seed).fork('places'));
  const places = placesOf(placer.place(features, train), { itemCount, structure });
  const groups = groupsOf(itemIds.map((itemId) => catalogue.get(itemId)?.categories ?? []));
  const trained = await trainCompanions(COMPANIONS, {
    itemCount,
    features,
    structure,
    layout,
    actions: train,
    groups,
    trained: { embeddings: vectors, places, behaviour },
    seed,
    combinerHorizon,
  });
  for (const { model, seconds, leftOut = 'trained' } of trained)
    console.error(`  ${model}: ${leftOut}, ${seconds.toFixed(1)} s`);
  return trained;
}
