import type { BehaviourFactors } from '#algorithms/behaviour/factors.ts';
import { hybridParts } from '../../../services/retrain/trainers/hybrid.ts';
import type { ItemPart } from '../../../services/retrain/training/hybrid/hybrid-graph.ts';
import type { DatasetItem } from '../../data/dataset.ts';
import { featureMatrix, RECIPE } from '../../vectors/embeddings.ts';

/** The content of the items by part: categories with attributes, and text. */
export function contentParts(
  itemIds: readonly string[],
  catalogue: ReadonlyMap<string, DatasetItem>,
): ItemPart[] {
  const itemCount = itemIds.length;
  const features = featureMatrix(itemIds, catalogue, new Int32Array(itemCount), RECIPE.layout);
  const nothing = {
    rank: 1,
    units: new Float32Array(itemCount),
    fold: new Float64Array(0),
    offer: new Float64Array(0),
  };
  return hybridParts({ itemCount, features, layout: RECIPE.layout, trained: { behaviour: nothing } });
}

/** The content with what users did as a part more. */
export function itemParts(content: readonly ItemPart[], { rank, units }: BehaviourFactors): ItemPart[] {
  return [{ name: 'behaviour', width: rank, values: units }, ...content];
}
