import * as tf from '@tensorflow/tfjs-node';
import { decodeWeights, type PinSageShape } from '#algorithms/pinsage/weights.ts';
import { row } from '#algorithms/vectors.ts';
import type { InferenceStart, Latent, LatentInput } from '#contracts/generated/records.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import { combine, projectHead, transformNeighbours } from '../training/convolve.ts';
import { createVariables, type PinSageVariables, variableList } from '../training/variables.ts';
import { Pools } from './pools.ts';

/** Items computed and sent at a time: bounds tensors, and what waits for the brokers. */
const CHUNK = 512;

interface Model {
  readonly shape: PinSageShape;
  readonly variables: PinSageVariables;
}

/**
 * The items of one partition on their way through the layers (PinSage, KDD 2018, §3.4): each latent is computed once,
 * sent to every partition that pools it, and forgotten. Memory is that of the share alone: its states, and its sums of
 * each layer. All that it sends follows from what it takes, so that a successor that takes the same sends the same.
 */
export class Share {
  readonly #generation: string;
  readonly #home: number;
  readonly #send: (partition: number, message: Latent) => Promise<void>;
  readonly #itemIds: string[] = [];
  readonly #readers: (readonly number[])[] = [];
  readonly #pools = new Pools();
  #features: Float32Array[] = [];
  #model: Model | undefined;
  /** itemCount × the width of the layer: features, then the states after each convolution. */
  #states = new Float32Array();
  /** Convolutions that are done. */
  #layer = 0;
  /** Whether the latents of the present layer are sent, or after the last one the embeddings. */
  #isSent = false;

  /** @param home the partition */
  constructor(generation: string, home: number, send: (partition: number, message: Latent) => Promise<void>) {
    this.#generation = generation;
    this.#home = home;
    this.#send = send;
  }

  /** @throws VectorError where importances are not as many as neighbours */
  takeInput(itemId: string, vector: Uint8Array, { neighbours, importances, readers }: LatentInput): void {
    const item = this.#itemIds.push(itemId) - 1;
    this.#features.push(decodeVector(vector, vector.length / Float32Array.BYTES_PER_ELEMENT, 'features'));
    this.#readers.push(readers);
    const weights = decodeVector(importances, neighbours.length, 'importances');
    for (const [rank, neighbour] of neighbours.entries()) {
      this.#pools.addNeighbour(item, neighbour, weights[rank]!);
    }
  }

  /** @throws RangeError where inputs are missing, or do not fit the weights */
  takeStart({ itemCount, weights: bytes }: Omit<InferenceStart, 'structure'>): void {
    if (itemCount !== this.#itemIds.length) {
      throw new RangeError(
        `partition ${this.#home} holds ${this.#itemIds.length} of ${itemCount} items of generation ${this.#generation}`,
      );
    }
    const weights = decodeWeights(bytes);
    this.#states = joinRows(this.#features, weights.shape.features);
    this.#features = [];
    this.#pools.start(itemCount, weights.shape);
    this.#model = { shape: weights.shape, variables: createVariables(weights) };
  }

  takeLatent(layer: number, itemId: string, vector: Uint8Array): void {
    if (this.#model === undefined) return;
    this.#pools.addLatent(layer, itemId, decodeVector(vector, this.#model.shape.hidden));
  }

  /** Computes and sends what can be computed from what was taken; resolves when it is in the log. */
  async advance(): Promise<void> {
    if (this.#model === undefined) return;
    const { shape, variables } = this.#model;
    for (const convolution of variables.convolutions.slice(this.#layer)) {
      const layer = this.#layer;
      if (!this.#isSent) await this.#sendRows('latent', (states) => transformNeighbours(convolution, states));
      this.#isSent = true;
      const pooled = this.#pools.complete(layer);
      if (pooled === undefined) return;
      this.#states = this.#computeRows(shape.hidden, (states, start, count) =>
        combine(convolution, states, matrix(pooled, start, count, shape.hidden)),
      );
      this.#layer += 1;
      this.#isSent = false;
    }
    if (!this.#isSent) await this.#sendRows('embedding', (states) => projectHead(variables, states));
    this.#isSent = true;
  }

  close(): void {
    if (this.#model !== undefined) tf.dispose(variableList(this.#model.variables));
    this.#model = undefined;
  }

  async #sendRows(
    kind: 'latent' | 'embedding',
    compute: (states: tf.Tensor2D) => tf.Tensor2D,
  ): Promise<void> {
    for (const [start, count] of this.#chunks()) {
      const rows = this.#compute(start, count, compute);
      const width = rows.length / count;
      const sent: Promise<void>[] = [];
      for (let place = 0; place < count; place++) {
        const item = start + place;
        const message: Latent = {
          generation: this.#generation,
          kind,
          itemId: this.#itemIds[item]!,
          layer: kind === 'latent' ? this.#layer : 0,
          vector: encodeVector(row(rows, place, width)),
          input: null,
          start: null,
        };
        const readers = kind === 'latent' ? this.#readers[item]! : [this.#home];
        for (const reader of readers) sent.push(this.#send(reader, message));
      }
      await Promise.all(sent);
    }
  }

  #computeRows(
    width: number,
    compute: (states: tf.Tensor2D, start: number, count: number) => tf.Tensor2D,
  ): Float32Array<ArrayBuffer> {
    const whole = new Float32Array(this.#itemIds.length * width);
    for (const [start, count] of this.#chunks())
      whole.set(this.#compute(start, count, compute), start * width);
    return whole;
  }

  #compute(
    start: number,
    count: number,
    compute: (states: tf.Tensor2D, start: number, count: number) => tf.Tensor2D,
  ): Float32Array {
    const width = this.#states.length / this.#itemIds.length;
    return tf.tidy(() => {
      const computed = compute(matrix(this.#states, start, count, width), start, count);
      return Float32Array.from(computed.dataSync());
    });
  }

  *#chunks(): Generator<[start: number, count: number]> {
    const itemCount = this.#itemIds.length;
    for (let start = 0; start < itemCount; start += CHUNK) yield [start, Math.min(CHUNK, itemCount - start)];
  }
}

function matrix(rows: Float32Array, start: number, count: number, width: number): tf.Tensor2D {
  return tf.tensor2d(rows.subarray(start * width, (start + count) * width), [count, width]);
}

function joinRows(rows: readonly Float32Array[], width: number): Float32Array<ArrayBuffer> {
  const whole = new Float32Array(rows.length * width);
  for (const [place, one] of rows.entries()) {
    if (one.length !== width) throw new RangeError(`An item has ${one.length} features, the model ${width}`);
    whole.set(one, place * width);
  }
  return whole;
}
