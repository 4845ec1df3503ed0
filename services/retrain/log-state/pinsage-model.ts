import { type FeatureLayout, featureDimension } from '#algorithms/pinsage/features.ts';
import { decodeWeights, encodeWeights, type PinSageWeights } from '#algorithms/pinsage/weights.ts';
import type { Artefact, ArtefactFormat } from '#artefacts/artefact.ts';
import type { DecodedArtefacts } from '#artefacts/decoded.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';

/** The artefact that holds the weights of PinSage. */
export const PINSAGE = 'pinsage';

/** Everything that is needed to embed an item that was not in training. */
export interface PinSageModel {
  readonly weights: PinSageWeights;
  /** Layout of the items' features in training. */
  readonly layout: FeatureLayout;
  /** Places of some items in the model's coordinates, so that another training can start from its weights. */
  readonly anchors?: KnownPlaces;
}

export interface KnownPlaces {
  readonly itemIds: readonly string[];
  /** itemIds.length × structure. */
  readonly places: Float32Array;
}

/** The models that the log holds, by generation. */
export type Models = Pick<DecodedArtefacts<PinSageModel>, 'get'>;

export const PINSAGE_FORMAT: ArtefactFormat<PinSageModel> = {
  model: PINSAGE,
  format: 'tributary.pinsage/1',
  decode: decodeModel,
};

/** @param trainedUpTo event time of the newest action that the model learned from, ms; null where that is not known */
export function pinSageArtefact(
  generation: string,
  { weights, layout, anchors }: PinSageModel,
  trainedUpTo: number | null,
): Artefact {
  return {
    model: PINSAGE,
    generation,
    format: PINSAGE_FORMAT.format,
    bytes: Buffer.from(encodeWeights(weights)),
    card: JSON.stringify({
      layout,
      anchors: anchors && {
        itemIds: anchors.itemIds,
        places: encodeVector(anchors.places).toString('base64'),
      },
    }),
    requires: [],
    trainedUpTo,
  };
}

interface Card {
  readonly layout?: Partial<FeatureLayout>;
  readonly anchors?: { readonly itemIds: readonly string[]; readonly places: string };
}

/** @throws RangeError, SyntaxError or VectorError if bytes or card are malformed, or do not fit each other */
function decodeModel({ bytes, card }: Pick<Artefact, 'bytes' | 'card'>): PinSageModel {
  const weights = decodeWeights(bytes);
  const { layout, anchors } = JSON.parse(card) as Card;
  // Cards of the first releases name no structure, since their models had none.
  const { structure = 0, labels, words, vector } = layout ?? {};
  if (labels === undefined || words === undefined || vector === undefined) {
    throw new RangeError('the card names no layout of features');
  }
  const width = featureDimension({ structure, labels, words, vector });
  if (width !== weights.shape.features) {
    throw new RangeError(`the card lays out ${width} features, the weights take ${weights.shape.features}`);
  }
  const model = { weights, layout: { structure, labels, words, vector } };
  if (anchors === undefined) return model;
  const { itemIds, places } = anchors;
  const decoded = decodeVector(Buffer.from(places, 'base64'), itemIds.length * structure, 'anchors');
  return { ...model, anchors: { itemIds, places: decoded } };
}
