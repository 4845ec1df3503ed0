import { hashString } from '../random.ts';
import { normaliseInPlace } from '../vectors.ts';

/** The content of an item. */
export interface ItemContent {
  /** From broad to narrow. */
  readonly categories: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  /** Title and free text, in any script. */
  readonly text: string;
  /** An embedding supplied by the app, for example of an image. */
  readonly vector?: ArrayLike<number>;
}

/** Widths of the blocks of a feature vector, fixed for a model's life. */
export interface FeatureLayout {
  /** Coordinates of the item's place in the graph of users, which training fills in. */
  readonly structure: number;
  /** Buckets for categories and attributes. */
  readonly labels: number;
  /** Buckets for words. */
  readonly words: number;
  /** Length of the supplied vectors; 0 if there are none. */
  readonly vector: number;
}

export const DEFAULT_FEATURE_LAYOUT: FeatureLayout = { structure: 64, labels: 128, words: 64, vector: 0 };

/** Scales the log degree to about 0–1, beside blocks of length 1: a degree of e¹⁰ ≈ 22,000 gives 1. */
const LOG_DEGREE_SCALE = 10;

/** Length of the feature vectors: the four blocks and the log degree. */
export function featureDimension({ structure, labels, words, vector }: FeatureLayout): number {
  return structure + labels + words + vector + 1;
}

/**
 * Feature vector of an item: zeros for its place in the graph (which its content does not determine), hashed labels
 * (every prefix of the category path, every attribute), hashed words and the supplied vector, then log(1 + degree) /
 * 10 (PinSage, KDD 2018, §4.1 has image, annotations and log degree). Each block is scaled to length 1, or zero if
 * the item has no content for it. `degree` is the number of the item's contexts.
 *
 * Hashing is signed (Weinberger et al. 2009), so that collisions cancel in expectation and no vocabulary has to be
 * stored. Throws RangeError if the supplied vector has another length or any number is not finite.
 */
export function itemFeatures(content: ItemContent, degree: number, layout: FeatureLayout): Float32Array {
  if (!(degree >= 0 && degree < Infinity)) throw new RangeError(`Degree ${degree} is not a finite count`);
  const features = new Float32Array(featureDimension(layout));
  const wordsStart = layout.structure + layout.labels;
  const vectorStart = wordsStart + layout.words;
  hashInto(features.subarray(layout.structure, wordsStart), labelsOf(content));
  hashInto(features.subarray(wordsStart, vectorStart), wordsOf(content.text));
  if (content.vector !== undefined)
    copyVector(content.vector, features.subarray(vectorStart, features.length - 1));
  features[features.length - 1] = Math.log1p(degree) / LOG_DEGREE_SCALE;
  return features;
}

/**
 * Checks an n × `dimension` feature matrix before a training. Throws RangeError if it is not whole rows, if a number
 * is not finite, or if several items exist and all have the same features, because no convolution could distinguish
 * them.
 */
export function checkFeatures(features: Float32Array, itemCount: number, dimension: number): void {
  if (features.length !== itemCount * dimension) {
    throw new RangeError(`${features.length} features are not ${itemCount} items of ${dimension}`);
  }
  let constant = itemCount > 1;
  for (let i = 0; i < features.length; i++) {
    if (!Number.isFinite(features[i]!)) {
      throw new RangeError(`Feature ${i % dimension} of item ${Math.floor(i / dimension)} is ${features[i]}`);
    }
    if (features[i] !== features[i % dimension]) constant = false;
  }
  if (constant)
    throw new RangeError(
      `All ${itemCount} items have the same features: their content is the same, or they have none, and they were taken equally often. ` +
        'List them with titles, categories or attributes that differ',
    );
}

function* labelsOf({ categories, attributes }: ItemContent): Iterable<string> {
  for (let depth = 1; depth <= categories.length; depth++) {
    yield JSON.stringify(categories.slice(0, depth).map(fold));
  }
  for (const [name, value] of Object.entries(attributes)) yield `${name}=${fold(value)}`;
}

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });

/** Words in any script, including scripts without spaces between words. */
function* wordsOf(text: string): Iterable<string> {
  for (const { segment, isWordLike } of segmenter.segment(fold(text))) if (isWordLike) yield segment;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function hashInto(block: Float32Array, tokens: Iterable<string>): void {
  if (block.length === 0) return;
  for (const token of tokens) {
    // The sign comes from a second hash: one bit of the first would depend on the bucket.
    block[hashString(token) % block.length]! += hashString(token, 1) & 1 ? 1 : -1;
  }
  normaliseInPlace(block);
}

function copyVector(vector: ArrayLike<number>, block: Float32Array): void {
  if (vector.length !== block.length) {
    throw new RangeError(`The supplied vector has ${vector.length} numbers, the layout ${block.length}`);
  }
  for (let i = 0; i < vector.length; i++) {
    if (!Number.isFinite(vector[i]))
      throw new RangeError(`Number ${i} of the supplied vector is ${vector[i]}`);
    block[i] = vector[i]!;
  }
  normaliseInPlace(block);
}
