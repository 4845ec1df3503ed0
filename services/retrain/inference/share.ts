import * as tf from '@tensorflow/tfjs-node';
import { decodeWeights, type PinSageShape } from '#algorithms/pinsage/weights.ts';
import { row } from '#algorithms/vectors.ts';
import type { InferenceStart, Latent, LatentInput, WeightsPart } from '#contracts/generated/records.ts';
import { decodeVector, encodeVector } from '#contracts/vectors.ts';
import { combine, projectHead, transformNeighbours } from '../training/convolve.ts';
import { createVariables, type PinSageVariables, variableList } from '../training/variables.ts';
import { Pools } from './pools.ts';

/** Items computed and sent at a time: it bounds the tensors, and the bytes that wait for the brokers. */
const CHUNK = 1_024;
/** Bytes of vectors in a message. It holds many items, because a message costs far more than its bytes. */
const MESSAGE_BYTES = 128 * 1_024;

interface Model {
  readonly shape: PinSageShape;
  readonly variables: PinSageVariables;
}

/**
 * The items of one partition on their way through the layers (PinSage, KDD 2018, §3.4): each latent is computed once,
 * sent to every partition that pools it, and forgotten. It holds the numbers of the share alone: its states, and its sums
 * of each layer. All that it sends follows from what it is given, so that a successor that is given the same sends the same.
 */
export class Share {
  readonly #generation: string;
  readonly #home: number;
  readonly #send: (partition: number, message: Latent) => Promise<void>;
  readonly #itemIds: string[] = [];
  readonly #readers: (readonly number[])[] = [];
  readonly #pools = new Pools();
  readonly #weightParts = new Map<number, Buffer>();
  #features: Float32Array[] = [];
  #model: Model | undefined;
  /** itemCount × direct: the features that the head sees. */
  #direct = new Float32Array();
  /** itemCount × the width of the layer: features, then the states after each convolution. */
  #states = new Float32Array();
  /** Number of finished convolutions. */
  #layer = 0;
  /** Whether the latents of the current layer are sent; after the last layer, whether the embeddings are. */
  #isSent = false;

  /** @param home the partition */
  constructor(generation: string, home: number, send: (partition: number, message: Latent) => Promise<void>) {
    this.#generation = generation;
    this.#home = home;
    this.#send = send;
  }

  /** @throws VectorError unless each neighbour has an importance */
  addInput(
    { itemIds, vectors }: Pick<Latent, 'itemIds' | 'vectors'>,
    { neighbours, importances, readers }: LatentInput,
  ): void {
    const item = this.#itemIds.push(itemIds[0]!) - 1;
    this.#features.push(decodeVector(vectors, vectors.length / Float32Array.BYTES_PER_ELEMENT, 'features'));
    this.#readers.push(readers);
    const weights = decodeVector(importances, neighbours.length, 'importances');
    for (const [rank, neighbour] of neighbours.entries()) {
      this.#pools.addNeighbour(item, neighbour, weights[rank]!);
    }
  }

  /** A duplicate of a part is the same part. */
  addWeights({ number, bytes }: WeightsPart): void {
    this.#weightParts.set(number, bytes);
  }

  /** @throws RangeError if inputs or parts of the weights are missing, or do not fit each other */
  start({ itemCount, weightParts }: Pick<InferenceStart, 'itemCount' | 'weightParts'>): void {
    if (itemCount !== this.#itemIds.length) {
      throw new RangeError(
        `partition ${this.#home} holds ${this.#itemIds.length} of ${itemCount} items of generation ${this.#generation}`,
      );
    }
    const weights = decodeWeights(this.#joinWeights(weightParts));
    this.#states = joinRows(this.#features, weights.shape.features);
    const { direct } = weights.shape;
    this.#direct = joinRows(
      this.#features.map((features) => features.subarray(0, direct)),
      direct,
    );
    this.#features = [];
    this.#pools.start(itemCount, weights.shape);
    this.#model = { shape: weights.shape, variables: createVariables(weights) };
  }

  addLatents({ layer, itemIds, vectors }: Pick<Latent, 'layer' | 'itemIds' | 'vectors'>): void {
    if (this.#model === undefined) return;
    const { hidden } = this.#model.shape;
    const rows = decodeVector(vectors, itemIds.length * hidden);
    for (const [place, itemId] of itemIds.entries()) {
      this.#pools.addLatent(layer, itemId, row(rows, place, hidden));
    }
  }

  /** Computes and sends all rows whose input is there; resolves when they are in the log. */
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
    if (!this.#isSent) {
      await this.#sendRows('embedding', (states, start, count) =>
        projectHead(variables, states, matrix(this.#direct, start, count, shape.direct)),
      );
    }
    this.#isSent = true;
  }

  close(): void {
    if (this.#model !== undefined) tf.dispose(variableList(this.#model.variables));
    this.#model = undefined;
  }

  #joinWeights(count: number): Buffer {
    const parts = [...this.#weightParts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
    if (parts.length !== count) {
      throw new RangeError(
        `partition ${this.#home} holds ${parts.length} of ${count} parts of the weights of generation ${this.#generation}`,
      );
    }
    this.#weightParts.clear();
    return Buffer.concat(parts);
  }

  async #sendRows(
    kind: 'latent' | 'embedding',
    compute: (states: tf.Tensor2D, start: number, count: number) => tf.Tensor2D,
  ): Promise<void> {
    for (const [start, count] of this.#chunks()) {
      const rows = this.#compute(start, count, compute);
      const width = rows.length / count;
      const sent: Promise<void>[] = [];
      for (const [reader, places] of this.#placesByReader(kind, start, count)) {
        for (const some of parts(places, Math.ceil(MESSAGE_BYTES / (4 * width)))) {
          const vectors = new Float32Array(some.length * width);
          for (const [i, place] of some.entries()) vectors.set(row(rows, place, width), i * width);
          sent.push(
            this.#send(reader, {
              generation: this.#generation,
              kind,
              itemIds: some.map((place) => this.#itemIds[start + place]!),
              layer: kind === 'latent' ? this.#layer : 0,
              vectors: encodeVector(vectors),
              input: null,
              start: null,
              part: null,
            }),
          );
        }
      }
      await Promise.all(sent);
    }
  }

  /** Which of `count` items from `start` on each partition is sent. */
  #placesByReader(kind: 'latent' | 'embedding', start: number, count: number): Map<number, number[]> {
    const byReader = new Map<number, number[]>();
    for (let place = 0; place < count; place++) {
      const readers = kind === 'latent' ? this.#readers[start + place]! : [this.#home];
      for (const reader of readers) {
        const places = byReader.get(reader) ?? [];
        places.push(place);
        byReader.set(reader, places);
      }
    }
    return byReader;
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

function* parts<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
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
