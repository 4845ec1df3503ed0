import type { Random } from '../random.ts';
import { POOLINGS, type Pooling } from './pooling.ts';

/** Widths of a PinSage model, and its pooling. */
export interface PinSageShape {
  /** Length of an item's feature vector. */
  readonly features: number;
  /** Width of pooled neighbourhoods, latents and the head's hidden layer. */
  readonly hidden: number;
  /** Number of convolutions. */
  readonly layers: number;
  /** Length of an embedding. */
  readonly dim: number;
  readonly pooling: Pooling;
  /** Leading features that G₂ sees directly beside the head's hidden layer, from 0 to `features` (decision 0021). */
  readonly direct: number;
}

/** `inputs` × `outputs`, row-major. */
export interface Matrix {
  readonly inputs: number;
  readonly outputs: number;
  readonly values: Float32Array;
}

export interface Dense {
  readonly kernel: Matrix;
  readonly bias: Float32Array;
}

/** One CONVOLVE: Q, q transform neighbours, and W, w combine an item with them (PinSage, Algorithm 1). */
export interface Convolution {
  readonly pool: Dense;
  readonly combine: Dense;
}

/** All learned numbers (PinSage, KDD 2018, Algorithms 1 and 2). */
export interface PinSageWeights {
  readonly shape: PinSageShape;
  readonly convolutions: readonly Convolution[];
  /** G₁, g. */
  readonly headHidden: Dense;
  /** G₂, whose last `direct` inputs are features. */
  readonly headOutput: Matrix;
  /** Mean of the catalogue's raw embeddings, subtracted before the last normalisation; length `dim`. */
  readonly mean: Float32Array;
}

/** Initial factor of a direct feature on its coordinate (decision 0021). */
const DIRECT_GAIN = 2;

/**
 * Initial weights: Glorot-uniform kernels, zero biases and mean; a direct feature adds to the coordinate of its
 * number only. Throws RangeError unless all widths are positive integers and the direct features are among the
 * features.
 */
export function initialWeights(shape: PinSageShape, random: Random): PinSageWeights {
  const weights = buildWeights(shape, (inputs, outputs) => {
    const limit = Math.sqrt(6 / (inputs + outputs));
    return Float32Array.from({ length: inputs * outputs }, () => (2 * random.next() - 1) * limit);
  });
  const { hidden, direct, dim } = shape;
  const ofFeatures = weights.headOutput.values.subarray(hidden * dim).fill(0);
  for (let i = 0; i < Math.min(direct, dim); i++) ofFeatures[i * dim + i] = DIRECT_GAIN;
  return weights;
}

/** The arrays of the weights in a fixed order: Q, q, W, w of each convolution, G₁, g, G₂, mean. */
export function weightArrays({ convolutions, headHidden, headOutput, mean }: PinSageWeights): Float32Array[] {
  const dense = ({ kernel, bias }: Dense) => [kernel.values, bias];
  return [
    ...convolutions.flatMap(({ pool, combine }) => [...dense(pool), ...dense(combine)]),
    ...dense(headHidden),
    headOutput.values,
    mean,
  ];
}

const WIDTHS = ['features', 'hidden', 'layers', 'dim'] as const;
/** Fields of the header after format and widths, by format; each format adds to the previous one. */
const ADDED = ['pooling', 'direct'] as const;
const FORMAT_VERSION = 1 + ADDED.length;

/**
 * Little-endian: format version, widths, number of the pooling and direct features as uint32, then every array as
 * float32. Equal weights give equal bytes.
 */
export function encodeWeights(weights: PinSageWeights): Uint8Array {
  const arrays = weightArrays(weights);
  const count = arrays.reduce((sum, array) => sum + array.length, 0);
  const { shape } = weights;
  const widths = WIDTHS.map((name) => shape[name]);
  const header = [FORMAT_VERSION, ...widths, POOLINGS.indexOf(shape.pooling), shape.direct];
  const bytes = new Uint8Array(4 * (header.length + count));
  const view = new DataView(bytes.buffer);
  for (const [i, value] of header.entries()) view.setUint32(4 * i, value, true);
  let offset = 4 * header.length;
  for (const array of arrays) {
    for (const value of array) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

/**
 * Inverse of `encodeWeights`; reads all formats that ever existed. Throws RangeError for another version and for
 * bytes that do not fit their shape.
 */
export function decodeWeights(bytes: Uint8Array): PinSageWeights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { shape, headerBytes } = decodeHeader(view);
  const expected = headerBytes + 4 * parameterCount(shape);
  if (bytes.length !== expected)
    throw new RangeError(`PinSage weights have ${bytes.length} bytes, not ${expected}`);
  const weights = buildWeights(shape, (inputs, outputs) => new Float32Array(inputs * outputs));
  let offset = headerBytes;
  for (const array of weightArrays(weights)) {
    for (let i = 0; i < array.length; i++, offset += 4) array[i] = view.getFloat32(offset, true);
  }
  return weights;
}

function decodeHeader(view: DataView): { shape: PinSageShape; headerBytes: number } {
  const widthsEnd = 4 * (1 + WIDTHS.length);
  const version = view.byteLength < 4 ? 1 : view.getUint32(0, true);
  if (version < 1 || version > FORMAT_VERSION) {
    throw new RangeError(`PinSage weights have format ${version}, not ${FORMAT_VERSION}`);
  }
  const headerBytes = widthsEnd + 4 * (version - 1);
  if (view.byteLength < headerBytes + 4) {
    throw new RangeError(`${view.byteLength} bytes are too few for PinSage weights`);
  }
  const [features, hidden, layers, dim] = WIDTHS.map((_, i) => view.getUint32(4 * (i + 1), true));
  const widths = { features: features!, hidden: hidden!, layers: layers!, dim: dim! };
  // Models of earlier formats pooled by importance, and had no direct features.
  const [pooling, direct] = ADDED.map((_, i) =>
    i < version - 1 ? view.getUint32(widthsEnd + 4 * i, true) : 0,
  );
  if (POOLINGS[pooling!] === undefined)
    throw new RangeError(`PinSage weights name the unknown pooling ${pooling}`);
  return { shape: { ...widths, pooling: POOLINGS[pooling!]!, direct: direct! }, headerBytes };
}

/** Number of floats, including the mean; checked before anything of that size is allocated. */
function parameterCount({ features, hidden, layers, dim, direct }: PinSageShape): number {
  let count = (hidden + 1) * hidden + (hidden + direct) * dim + dim;
  for (let layer = 0; layer < layers; layer++) {
    const inputs = layer === 0 ? features : hidden;
    count += (inputs + 1) * hidden + (inputs + hidden + 1) * hidden;
  }
  return count;
}

function buildWeights(
  shape: PinSageShape,
  values: (inputs: number, outputs: number) => Float32Array,
): PinSageWeights {
  for (const name of WIDTHS) {
    if (!Number.isInteger(shape[name]) || shape[name] < 1) {
      throw new RangeError(`PinSage ${name} is ${shape[name]}, not a positive integer`);
    }
  }
  const { features, hidden, layers, dim, direct } = shape;
  if (!Number.isInteger(direct) || direct < 0 || direct > features) {
    throw new RangeError(`PinSage direct is ${direct}, not a number of its ${features} features`);
  }
  const matrix = (inputs: number, outputs: number): Matrix => ({
    inputs,
    outputs,
    values: values(inputs, outputs),
  });
  const dense = (inputs: number, outputs: number): Dense => ({
    kernel: matrix(inputs, outputs),
    bias: new Float32Array(outputs),
  });
  const convolutions = Array.from({ length: layers }, (_, layer) => {
    const inputs = layer === 0 ? features : hidden;
    return { pool: dense(inputs, hidden), combine: dense(inputs + hidden, hidden) };
  });
  return {
    shape,
    convolutions,
    headHidden: dense(hidden, hidden),
    headOutput: matrix(hidden + direct, dim),
    mean: new Float32Array(dim),
  };
}
