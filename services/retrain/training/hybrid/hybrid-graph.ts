import * as tf from '@tensorflow/tfjs-node';
import type { Random } from '#algorithms/random.ts';

/** What is known of the items in one respect, such as their text: itemCount × width, a row of zeros where nothing is known. */
export interface ItemPart {
  readonly name: string;
  readonly width: number;
  readonly values: Float32Array;
}

/** A part as tensors. */
export interface PartTensors {
  readonly values: tf.Tensor2D;
  /** itemCount × 1: 1 where something is known, else 0. */
  readonly isKnown: tf.Tensor2D;
}

export interface HybridShape {
  readonly widths: readonly number[];
  /** Length of a projected part and of the item's vector. */
  readonly dim: number;
  readonly hidden: number;
}

export interface HybridVariables {
  /** By part: width × dim. */
  readonly projections: ReadonlyArray<tf.Variable<tf.Rank.R2>>;
  /** By part: dim × 1, from which the attention to the part is computed. */
  readonly attention: ReadonlyArray<tf.Variable<tf.Rank.R2>>;
  /** By part: 1. */
  readonly attentionBias: ReadonlyArray<tf.Variable<tf.Rank.R1>>;
  /** (parts · dim) × hidden, hidden × dim. */
  readonly first: tf.Variable<tf.Rank.R2>;
  readonly firstBias: tf.Variable<tf.Rank.R1>;
  readonly second: tf.Variable<tf.Rank.R2>;
}

export function createHybridVariables({ widths, dim, hidden }: HybridShape, random: Random): HybridVariables {
  const matrix = (rows: number, columns: number, gain = 1) =>
    tf.variable(
      tf.tensor2d(
        Float32Array.from({ length: rows * columns }, () => (gain * random.normal()) / Math.sqrt(rows)),
        [rows, columns],
      ),
    );
  // The initial values are tensors of their own, which the variables outlive.
  return tf.tidy(() => ({
    projections: widths.map((width) => matrix(width, dim)),
    attention: widths.map(() => matrix(dim, 1, 0.1)),
    attentionBias: widths.map(() => tf.variable(tf.zeros<tf.Rank.R1>([1]))),
    first: matrix(widths.length * dim, hidden),
    firstBias: tf.variable(tf.zeros<tf.Rank.R1>([hidden])),
    second: matrix(hidden, dim),
  })) as unknown as HybridVariables;
}

/** The variables of the parts, and those that combine the parts. */
export function hybridVariableLists(variables: HybridVariables) {
  const { projections, attention, attentionBias, first, firstBias, second } = variables;
  return { parts: [...projections], combination: [...attention, ...attentionBias, first, firstBias, second] };
}

/** One part of items, projected; n × dim, rows of length 1 or 0. */
export function projectPart(projection: tf.Tensor2D, values: tf.Tensor2D): tf.Tensor2D {
  return unitRows(tf.matMul(values, projection));
}

/**
 * Vectors of items from all parts: each is projected to `dim` numbers, weighted by an attention that is a softmax over the parts that
 * are known of the item, and the weighted parts side by side go through a small network (the hybrid model of arXiv 1809.02131).
 * @param items numbers, or undefined for all items
 * @param withAttention without it each known part weighs the same
 * @returns n × dim, rows of length 1
 */
export function hybridVectors(
  { projections, attention, attentionBias, first, firstBias, second }: HybridVariables,
  parts: readonly PartTensors[],
  items: tf.Tensor1D | undefined,
  withAttention: boolean,
): tf.Tensor2D {
  const rowsOf = (matrix: tf.Tensor2D) => (items === undefined ? matrix : tf.gather(matrix, items));
  const known = parts.map(({ isKnown }) => rowsOf(isKnown));
  const projected = parts.map(({ values }, part) => projectPart(projections[part]!, rowsOf(values)));
  const scores = projected.map((own, part) =>
    withAttention
      ? tf.add(tf.matMul(own, attention[part]!), attentionBias[part]!)
      : tf.zerosLike(known[part]!),
  );
  const known2d = tf.concat2d(known, 1);
  // Unknown parts get no attention.
  const masked = tf.add(tf.concat2d(scores as tf.Tensor2D[], 1), tf.mul(tf.sub(known2d, 1), 1e9));
  const weights = tf.mul(tf.softmax(masked), known2d);
  const weighted = projected.map((own, part) =>
    tf.mul<tf.Tensor2D>(own, tf.slice2d(weights as tf.Tensor2D, [0, part], [-1, 1])),
  );
  const joined = tf.mul(tf.concat2d(weighted, 1), parts.length);
  const hidden = tf.relu(tf.add(tf.matMul(joined as tf.Tensor2D, first), firstBias));
  return unitRows(tf.matMul(hidden as tf.Tensor2D, second));
}

function unitRows(matrix: tf.Tensor2D): tf.Tensor2D {
  const square = tf.sum(tf.square(matrix), 1, true);
  return tf.div(matrix, tf.sqrt(tf.add(square, 1e-12)));
}
