import * as tf from '@tensorflow/tfjs-node';
import type { Neighbourhoods } from '#algorithms/pinsage/walks.ts';
import type { PinSageWeights } from '#algorithms/pinsage/weights.ts';
import { centreAndNormalise } from '#algorithms/vectors.ts';
import { combine, poolNeighbours, projectHead, transformNeighbours } from './convolve.ts';
import type { SubgraphLayer } from './subgraph.ts';
import { createVariables, type PinSageVariables, variableList } from './variables.ts';

export interface Inference {
  /** n × dim, rows of length 1, not centred. */
  readonly embeddings: Float32Array;
  /** n × hidden for each convolution, ReLU(Q h + q): the latents that the items with this neighbour pool. */
  readonly latents: readonly Float32Array[];
}

/** A catalogue to embed. */
export interface InferenceInput {
  readonly weights: PinSageWeights;
  /** n × f, row-major. */
  readonly features: Float32Array;
  /** Number of leading features, of the f, that are the items' places. */
  readonly structure: number;
  readonly neighbourhoods: Neighbourhoods;
}

/** Embeds a whole catalogue. */
export type Infer = (input: InferenceInput) => Promise<Inference>;

/** Embeds a catalogue in this process, with all of it in memory. */
export const inferHere: Infer = async ({ weights, features, neighbourhoods }) => {
  const variables = createVariables(weights);
  const width = weights.shape.features;
  const matrix = tf.tensor2d(features, [features.length / width, width]);
  try {
    return inferAll(variables, matrix, neighbourhoods);
  } finally {
    tf.dispose([matrix, ...variableList(variables)]);
  }
};

/** Items at a time. It bounds the gathered neighbours to CHUNK · T · hidden floats (21 MB at the defaults). */
const CHUNK = 2048;

export interface CentredInference extends Inference {
  /** Subtracted from every row before the last normalisation; length dim. */
  readonly mean: Float32Array;
}

/** Calls `inferAll` and centres the embeddings; otherwise the direction that all rows share dominates every cosine. */
export function embedCatalogue(
  variables: PinSageVariables,
  features: tf.Tensor2D,
  neighbourhoods: Neighbourhoods,
): CentredInference {
  const inference = inferAll(variables, features, neighbourhoods);
  const mean = centreAndNormalise(inference.embeddings, variables.headOutput.shape[1]);
  return { ...inference, mean: Float32Array.from(mean) };
}

/**
 * Embeddings of the whole catalogue, layer by layer, each latent computed once (PinSage, KDD 2018, §3.4: project all
 * items, then join and pool). `features` is n × f. Leaves no tensor behind.
 */
export function inferAll(
  variables: PinSageVariables,
  features: tf.Tensor2D,
  neighbourhoods: Neighbourhoods,
): Inference {
  const itemCount = features.shape[0];
  const latents: Float32Array[] = [];
  let states = features;
  for (const convolution of variables.convolutions) {
    const transformed = inChunks(itemCount, (start, count) =>
      transformNeighbours(convolution, rowsOf(states, start, count)),
    );
    const next = inChunks(itemCount, (start, count) => {
      const pooled = poolNeighbours(variables.pooling, transformed, layerOf(neighbourhoods, start, count));
      return combine(convolution, rowsOf(states, start, count), pooled);
    });
    latents.push(readAndDispose(transformed));
    if (states !== features) states.dispose();
    states = next;
  }
  const embeddings = inChunks(itemCount, (start, count) =>
    projectHead(variables, rowsOf(states, start, count), rowsOf(features, start, count)),
  );
  states.dispose();
  return { embeddings: readAndDispose(embeddings), latents };
}

function inChunks(itemCount: number, compute: (start: number, count: number) => tf.Tensor2D): tf.Tensor2D {
  const chunks: tf.Tensor2D[] = [];
  for (let start = 0; start < itemCount; start += CHUNK) {
    chunks.push(tf.tidy(() => compute(start, Math.min(CHUNK, itemCount - start))));
  }
  const whole = tf.concat2d(chunks, 0);
  tf.dispose(chunks);
  return whole;
}

function rowsOf(matrix: tf.Tensor2D, start: number, count: number): tf.Tensor2D {
  return tf.slice2d(matrix, [start, 0], [count, -1]);
}

/** The neighbourhoods of consecutive items, as positions in the whole catalogue. */
function layerOf({ size, neighbours, weights }: Neighbourhoods, start: number, count: number): SubgraphLayer {
  const [from, to] = [start * size, (start + count) * size];
  return {
    count,
    // A missing neighbour has weight 0, so that any position will do.
    neighbours: neighbours.slice(from, to).map((neighbour) => Math.max(0, neighbour)),
    weights: weights.slice(from, to),
  };
}

function readAndDispose(tensor: tf.Tensor2D): Float32Array {
  const values = Float32Array.from(tensor.dataSync());
  tensor.dispose();
  return values;
}
