import { isDeepStrictEqual } from 'node:util';
import { type FeatureLayout, featureDimension } from '#algorithms/pinsage/features.ts';
import type { KnownPlaces, PinSageModel } from '../log-state/pinsage-model.ts';
import type { WarmStart } from './train.ts';
import { shapeOf, type TrainConfig } from './train-config.ts';

/** Input of the next training. */
export interface NextTraining {
  readonly itemIds: readonly string[];
  readonly layout: FeatureLayout;
  readonly config: TrainConfig;
}

/**
 * How a training may start from the weights of the active generation. They must have the same meaning: the same
 * layout of features, the same widths, and enough items with known places (decision 0017).
 * @returns the start, or the reason why there is none
 */
export function warmStartFrom(
  model: PinSageModel | undefined,
  { itemIds, layout, config }: NextTraining,
): WarmStart | string {
  if (model === undefined) return 'the active generation has no weights in the log';
  if (!isDeepStrictEqual(model.layout, layout)) return 'its features have another layout';
  const shape = shapeOf(config, { features: featureDimension(layout), structure: layout.structure });
  if (!isDeepStrictEqual(model.weights.shape, shape)) return 'its network has another shape';
  const anchors = numbered(model.anchors ?? NO_PLACES, itemIds, layout.structure);
  if (anchors.items.length < layout.structure) {
    return `${anchors.items.length} items with known places are too few for ${layout.structure} coordinates`;
  }
  return { weights: model.weights, anchors };
}

const NO_PLACES: KnownPlaces = { itemIds: [], places: new Float32Array() };

/** The places of those items that the training knows, by its numbers. */
function numbered(
  { itemIds, places }: KnownPlaces,
  trained: readonly string[],
  structure: number,
): WarmStart['anchors'] {
  const numberOf = new Map(trained.map((itemId, number) => [itemId, number]));
  const known = [...itemIds.entries()].filter(([, itemId]) => numberOf.has(itemId));
  const kept = new Float32Array(known.length * structure);
  for (const [to, [from]] of known.entries()) {
    kept.set(places.subarray(from * structure, (from + 1) * structure), to * structure);
  }
  return { items: Int32Array.from(known, ([, itemId]) => numberOf.get(itemId)!), places: kept };
}
