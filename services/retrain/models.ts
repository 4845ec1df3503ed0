import type { Logger } from 'pino';
import { type FeatureLayout, featureDimension } from '#algorithms/pinsage/features.ts';
import { decodeWeights, encodeWeights, type PinSageWeights } from '#algorithms/pinsage/weights.ts';
import type { ModelWeights } from '#contracts/generated/records.ts';
import { reasonOf } from '#platform/errors.ts';

export const MODEL = 'pinsage';
const FORMAT = 'tributary.pinsage/1';

/** What it takes to embed an item that was not in training. */
export interface PinSageModel {
  readonly weights: PinSageWeights;
  /** How the features of the items were laid out in training. */
  readonly layout: FeatureLayout;
}

/** Key of a model in the topic `models`. */
export function modelKey({ model, generation }: Pick<ModelWeights, 'model' | 'generation'>): string {
  return `${model}/${generation}`;
}

/** The message of `models` that `Models` reads. */
export function toModelWeights(generation: string, { weights, layout }: PinSageModel): ModelWeights {
  return {
    model: MODEL,
    generation,
    format: FORMAT,
    weights: Buffer.from(encodeWeights(weights)),
    card: JSON.stringify({ layout }),
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
  take(key: string, message: ModelWeights | null): void {
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

/** @throws RangeError or SyntaxError when bytes or card are malformed, or do not fit each other */
function decodeModel({ weights: bytes, card }: ModelWeights): PinSageModel {
  const weights = decodeWeights(bytes);
  const { layout } = JSON.parse(card) as { layout?: Partial<FeatureLayout> };
  // Cards of the first releases name no structure, since their models had none.
  const { structure = 0, labels, words, vector } = layout ?? {};
  if (labels === undefined || words === undefined || vector === undefined) {
    throw new RangeError('the card names no layout of features');
  }
  const width = featureDimension({ structure, labels, words, vector });
  if (width !== weights.shape.features) {
    throw new RangeError(`the card lays out ${width} features, the weights take ${weights.shape.features}`);
  }
  return { weights, layout: { structure, labels, words, vector } };
}
