import type { Random } from '../random.ts';

/** Widths of a PinSage model. */
export interface PinSageShape {
  /** Length of an item's feature vector. */
  readonly features: number;
  /** Width of pooled neighbourhoods, latents and the head's hidden layer. */
  readonly hidden: number;
  /** Number of convolutions. */
  readonly layers: number;
  /** Length of an embedding. */
  readonly dim: number;
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

/** One CONVOLVE: Q, q that transform neighbours, and W, w that combine an item with them (PinSage, Algorithm 1). */
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
  /** G₂. */
  readonly headOutput: Matrix;
  /** Mean of the catalogue's raw embeddings, taken off before the last normalisation; length `dim`. */
  readonly mean: Float32Array;
}

/** Glorot-uniform kernels, zero biases and mean. Throws RangeError unless all widths are positive integers. */
export function initialWeights(shape: PinSageShape, random: Random): PinSageWeights {
  return buildWeights(shape, (inputs, outputs) => {
    const limit = Math.sqrt(6 / (inputs + outputs));
    return Float32Array.from({ length: inputs * outputs }, () => (2 * random.next() - 1) * limit);
  });
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

const FORMAT_VERSION = 1;
const HEADER = ['features', 'hidden', 'layers', 'dim'] as const;
const HEADER_BYTES = 4 * (HEADER.length + 1);

/** Little-endian: format version and shape as uint32, then every array as float32. Equal weights give equal bytes. */
export function encodeWeights(weights: PinSageWeights): Uint8Array {
  const arrays = weightArrays(weights);
  const count = arrays.reduce((sum, array) => sum + array.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + 4 * count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, FORMAT_VERSION, true);
  for (const [i, name] of HEADER.entries()) view.setUint32(4 * (i + 1), weights.shape[name], true);
  let offset = HEADER_BYTES;
  for (const array of arrays) {
    for (const value of array) {
      view.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return bytes;
}

/** Inverse of `encodeWeights`. Throws RangeError on another version or on bytes that do not fit their shape. */
export function decodeWeights(bytes: Uint8Array): PinSageWeights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES)
    throw new RangeError(`${bytes.length} bytes are too few for PinSage weights`);
  const version = view.getUint32(0, true);
  if (version !== FORMAT_VERSION)
    throw new RangeError(`PinSage weights have format ${version}, not ${FORMAT_VERSION}`);
  const [features, hidden, layers, dim] = HEADER.map((_, i) => view.getUint32(4 * (i + 1), true));
  const shape = { features: features!, hidden: hidden!, layers: layers!, dim: dim! };
  const expected = HEADER_BYTES + 4 * parameterCount(shape);
  if (bytes.length !== expected)
    throw new RangeError(`PinSage weights have ${bytes.length} bytes, not ${expected}`);
  const weights = buildWeights(shape, (inputs, outputs) => new Float32Array(inputs * outputs));
  let offset = HEADER_BYTES;
  for (const array of weightArrays(weights)) {
    for (let i = 0; i < array.length; i++, offset += 4) array[i] = view.getFloat32(offset, true);
  }
  return weights;
}

/** Number of floats, including the mean; computed before anything of that size is allocated. */
function parameterCount({ features, hidden, layers, dim }: PinSageShape): number {
  let count = (hidden + 1) * hidden + hidden * dim + dim;
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
  for (const name of HEADER) {
    if (!Number.isInteger(shape[name]) || shape[name] < 1) {
      throw new RangeError(`PinSage ${name} is ${shape[name]}, not a positive integer`);
    }
  }
  const { features, hidden, layers, dim } = shape;
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
    headOutput: matrix(hidden, dim),
    mean: new Float32Array(dim),
  };
}
