import type { Logger } from 'pino';
import { row } from '#algorithms/vectors.ts';
import { reasonOf } from '#contracts/errors.ts';
import type { Latent } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import type { ItemNeighbours } from '../graph/live-neighbourhoods.ts';

/** What the inference of a generation was given of one of its items: its place, and its neighbours. */
export interface TrainedItem extends ItemNeighbours {
  /** Its leading features: where it lies in the graph of users, which its content does not tell. */
  readonly place: Float32Array;
}

/** A message of the topic `latents`, with its place. */
export interface LatentMessage {
  readonly partition: number;
  readonly offset: number;
  readonly value: Latent | null;
}

/** The generation's messages of a partition may be deleted before this offset. */
export interface TrimOffset {
  readonly partition: number;
  readonly offset: number;
}

interface GenerationLatents {
  /** Offset of its first message, by partition. */
  readonly begins: Map<number, number>;
  readonly inputs: Map<string, TrainedItem>;
  /** By item, then by convolution. */
  readonly latents: Map<string, Float32Array[]>;
}

/**
 * What the topic `latents` keeps of each generation: what new items pool of their neighbours, and the neighbourhoods of
 * the trained ones. An item and generation take 4 · hidden · layers bytes, and about 1,000 for place, neighbourhood and ids.
 */
export class Latents {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #byGeneration = new Map<string, GenerationLatents>();
  /** Offset after the newest message, by partition. */
  readonly #ends = new Map<number, number>();

  constructor(log: Pick<Logger, 'warn'>) {
    this.#log = log;
  }

  /** Messages come in the order of each partition. What cannot be read is logged and passed over. */
  take({ partition, offset, value }: LatentMessage): void {
    this.#ends.set(partition, offset + 1);
    if (value === null) return;
    const known = this.#generation(value.generation);
    if (!known.begins.has(partition)) known.begins.set(partition, offset);
    try {
      takeInto(known, value);
    } catch (error) {
      this.#log.warn({ partition, offset, reason: reasonOf(error) }, 'latent passed over');
    }
  }

  /** What the items that have it as a neighbour pool of an item, by convolution; undefined until all are there. */
  of(generation: string, itemId: string, layers: number): readonly Float32Array[] | undefined {
    const latents = this.#byGeneration.get(generation)?.latents.get(itemId);
    if (latents === undefined) return undefined;
    for (let layer = 0; layer < layers; layer++) if (latents[layer] === undefined) return undefined;
    return latents;
  }

  trained(generation: string, itemId: string): TrainedItem | undefined {
    return this.#byGeneration.get(generation)?.inputs.get(itemId);
  }

  /**
   * Lets go of generations that are over.
   * @returns up to where the topic may be deleted, for the partitions where that may be anything
   */
  trim(over: readonly string[]): TrimOffset[] {
    const gone = over.flatMap((generation) => {
      const known = this.#byGeneration.get(generation);
      return known === undefined ? [] : [known];
    });
    for (const generation of over) this.#byGeneration.delete(generation);
    const partitions = new Set(gone.flatMap(({ begins }) => [...begins.keys()]));
    return [...partitions].flatMap((partition) => {
      const least = (all: readonly GenerationLatents[]) =>
        Math.min(...all.map(({ begins }) => begins.get(partition) ?? Number.POSITIVE_INFINITY));
      const offset = Math.min(least([...this.#byGeneration.values()]), this.#ends.get(partition)!);
      return least(gone) < offset ? [{ partition, offset }] : [];
    });
  }

  #generation(generation: string): GenerationLatents {
    let known = this.#byGeneration.get(generation);
    if (known === undefined) {
      known = { begins: new Map(), inputs: new Map(), latents: new Map() };
      this.#byGeneration.set(generation, known);
    }
    return known;
  }
}

/** Of a latent only one copy is kept. */
function takeInto({ inputs, latents }: GenerationLatents, value: Latent): void {
  const { kind, itemIds, layer, vectors, input, start } = value;
  if (kind === 'input' && input !== null) {
    inputs.set(itemIds[0]!, {
      place: decodeVector(vectors, floatsIn(vectors)),
      itemIds: input.neighbours,
      importance: decodeVector(input.importances, input.neighbours.length),
    });
  } else if (kind === 'start' && start !== null) {
    cutToPlaces(inputs, start.structure);
  } else if (kind === 'latent') {
    const rows = decodeVector(vectors, floatsIn(vectors));
    const width = rows.length / itemIds.length;
    for (const [place, itemId] of itemIds.entries()) {
      const layers = latents.get(itemId) ?? [];
      layers[layer] ??= row(rows, place, width).slice();
      latents.set(itemId, layers);
    }
  }
}

/** Of an input all features were kept until it was known how many of them are its place. */
function cutToPlaces(inputs: Map<string, TrainedItem>, structure: number): void {
  for (const [itemId, input] of inputs) {
    if (input.place.length > structure)
      inputs.set(itemId, { ...input, place: input.place.slice(0, structure) });
  }
}

function floatsIn(vectors: Uint8Array): number {
  return Math.floor(vectors.length / Float32Array.BYTES_PER_ELEMENT);
}
