import * as tf from '@tensorflow/tfjs-node';
import type { Random } from '#algorithms/random.ts';
import type { SequenceNetworkKind } from '#algorithms/sequence/network.ts';
import { type AttentionVariables, attentionStates, createAttentionVariables } from './attention-graph.ts';
import { createGruVariables, type GruVariables, gruStates } from './gru-graph.ts';
import { randomMatrices } from './random-matrices.ts';

/** Widths of the model. */
export interface SequenceShape {
  readonly itemCount: number;
  /** Numbers known of each item before the training; 0 for none. */
  readonly features: number;
  /** Length of the items' vectors and of the state. */
  readonly dim: number;
  readonly network: SequenceNetworkKind;
  /** Items that self-attention reads at most, and its heads, a divisor of `dim`. */
  readonly lookBack: number;
  readonly heads: number;
}

/** What is learned. The vector of an item, as input and as candidate alike, is features · project + own. */
export interface SequenceVariables {
  /** features × dim; undefined without features. */
  readonly project: tf.Variable<tf.Rank.R2> | undefined;
  /** itemCount × dim. */
  readonly own: tf.Variable<tf.Rank.R2>;
  /** itemCount × 1: how probable an item is whatever came before it. */
  readonly offset: tf.Variable<tf.Rank.R2>;
  readonly network: GruVariables | AttentionVariables;
}

/** @param popularity actions of each item, from which the offsets start */
export function createSequenceVariables(
  { itemCount, features, dim, network, lookBack, heads }: SequenceShape,
  popularity: ArrayLike<number>,
  random: Random,
): SequenceVariables {
  const matrix = randomMatrices(random);
  const total = itemCount + Array.from(popularity).reduce((sum, one) => sum + one, 0);
  const offsets = Float32Array.from(popularity, (count) => Math.log(((count + 1) * itemCount) / total));
  const create = (): SequenceVariables => ({
    project: features === 0 ? undefined : matrix(features, dim, 1 / Math.sqrt(features)),
    own: matrix(itemCount, dim, features === 0 ? 1 / Math.sqrt(dim) : 0.1 / Math.sqrt(dim)),
    offset: tf.variable(tf.tensor2d(offsets, [itemCount, 1])) as tf.Variable<tf.Rank.R2>,
    network:
      network === 'gru'
        ? createGruVariables(dim, matrix)
        : createAttentionVariables({ dim, lookBack, heads }, matrix),
  });
  let created!: SequenceVariables;
  // The initial values are tensors of their own, which the variables outlive.
  tf.tidy(() => {
    created = create();
  });
  return created;
}

export function sequenceVariableList({ project, own, offset, network }: SequenceVariables): tf.Variable[] {
  const { kind: _, ...weights } = network;
  const shared: tf.Variable[] = project === undefined ? [own, offset] : [project, own, offset];
  return [...shared, ...Object.values(weights).filter((one) => one instanceof tf.Variable)];
}

/** Vectors of items, by number; n × dim. @param features itemCount × f, or undefined as `project` is */
export function itemVectors(
  { project, own }: SequenceVariables,
  features: tf.Tensor2D | undefined,
  items: tf.Tensor1D,
): tf.Tensor2D {
  const vectors = tf.gather(own, items);
  if (project === undefined || features === undefined) return vectors;
  return tf.add(vectors, tf.matMul(tf.gather(features, items), project));
}

/**
 * The states of a batch of sequences after each of their items.
 * @param inputs batch × steps × dim, row-major as (batch · steps) × dim
 * @returns by step, batch × dim
 */
export function sequenceStates(
  { network }: Pick<SequenceVariables, 'network'>,
  inputs: tf.Tensor2D,
  steps: number,
): tf.Tensor2D[] {
  return network.kind === 'gru' ? gruStates(network, inputs, steps) : attentionStates(network, inputs, steps);
}
