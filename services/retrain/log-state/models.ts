import type { Logger } from 'pino';
import { type FeatureLayout, featureDimension } from '#algorithms/pinsage/features.ts';
import { decodeWeights, encodeWeights, type PinSageWeights } from '#algorithms/pinsage/weights.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { ModelWeights } from '#contracts/generated/records.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';

export const MODEL = 'pinsage';
const FORMAT = 'tributary.pinsage/1';

/** What it takes to embed an item that was not in training. */
export interface PinSageModel {
  readonly weights: PinSageWeights;
  /** How the features of the items were laid out in training. */
  readonly layout: FeatureLayout;
  /** Places of some items in the model's coordinates, which another training needs to begin with its weights. */
  readonly anchors?: KnownPlaces;
}

export interface KnownPlaces {
  readonly itemIds: readonly string[];
  /** itemIds.length × structure. */
  readonly places: Float32Array;
}

/** Key of a model in the topic `models`. */
export function modelKey({ model, generation }: Pick<ModelWeights, 'model' | 'generation'>): string {
  return `${model}/${generation}`;
}

/** The message of `models` that `Models` reads. */
export function toModelWeights(generation: string, { weights, layout, anchors }: PinSageModel): ModelWeights {
  return {
    model: MODEL,
    generation,
    format: FORMAT,
    weights: Buffer.from(encodeWeights(weights)),
    card: JSON.stringify({
      layout,
      anchors: anchors && {
        itemIds: anchors.itemIds,
        places: encodeVector(anchors.places).toString('base64'),
      },
    }),
  };
}

/** The PinSage models that stand in the topic `models`, by generation. */
export class Models {
  readonly #byGeneration = new Map<string, PinSageModel>();
  readonly #log: Pick<Logger, 'warn'>;

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Weights of another model or format are somebody else's; what cannot be read is logged and passed over. */
  apply(key: string, message: ModelWeights | null): void {
    if (message === null) {
      if (key.startsWith(`${MODEL}/`)) this.#byGeneration.delete(key.slice(MODEL.length + 1));
      return;
    }
    if (message.model !== MODEL || message.format !== FORMAT) return;
    try {
      this.#byGeneration.set(message.generation, decodeModel(message));
    } catch (error) {
      this.#log.warn({ generation: message.generation, reason: reasonOf(error) }, 'weights passed over');
    }
  }

  get(generation: string): PinSageModel | undefined {
    return this.#byGeneration.get(generation);
  }

  /** Takes the model of a generation away and returns its key, to be tombstoned. */
  drain(generation: string): string[] {
    return this.#byGeneration.delete(generation) ? [modelKey({ model: MODEL, generation })] : [];
  }
}

interface Card {
  readonly layout?: Partial<FeatureLayout>;
  readonly anchors?: { readonly itemIds: readonly string[]; readonly places: string };
}

/** @throws RangeError, SyntaxError or VectorError when bytes or card are malformed, or do not fit each other */
function decodeModel({ weights: bytes, card }: ModelWeights): PinSageModel {
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
