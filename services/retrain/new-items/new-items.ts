import { embedNew, type NewItemNeighbours } from '#algorithms/pinsage/embed.ts';
import type { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { EmbeddingOrigin, ItemEmbedding } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import type { ItemNeighbours, LiveNeighbourhoods } from '../graph/live-neighbourhoods.ts';
import type { ItemCatalogue } from '../log-state/catalogue.ts';
import type { EmbeddedItemIds } from '../log-state/embedded-items.ts';
import type { Latents, TrainedLatents } from '../log-state/pinsage-latents.ts';
import type { Models, PinSageModel } from '../log-state/pinsage-model.ts';

/** The sources from which missing embeddings are found and computed. */
export interface NewItemSources {
  readonly catalogue: ItemCatalogue;
  readonly embedded: EmbeddedItemIds;
  readonly latents: Latents;
  readonly models: Models;
  readonly neighbourhoods: Pick<LiveNeighbourhoods, 'degree' | 'isUpToDate' | 'of'>;
  readonly releases: ReleaseLedger;
}

/** A generation that items are embedded in. */
interface Serving extends PinSageModel {
  readonly generation: string;
  /** Undefined if the log does not hold them. */
  readonly latents: TrainedLatents | undefined;
}

/**
 * Embeds the items that the active generation lacks, from their content and the neighbours that they have so far, within
 * moments of their arrival in `items`. An item is embedded again when its content changes. An item that was not trained is
 * also embedded again when the number of its contexts reaches 1, 2, 4, 8 …, so that its vector follows its first users.
 */
export class NewItems {
  readonly #sources: NewItemSources;
  readonly #waiting = new Set<string>();
  /** The generation that the waiting items are checked against. */
  #generation: string | undefined;

  constructor(sources: NewItemSources) {
    this.#sources = sources;
  }

  /** Notes an item that arrived, changed or was taken by a user. */
  note(itemId: string): void {
    this.#waiting.add(itemId);
  }

  /**
   * Returns embeddings of at most `limit` items that lack an up-to-date one in the active generation. The other items stay
   * queued; all items do while no generation is active or its weights are missing. After a flip the whole catalogue is
   * checked, because items that arrived during the training are new to the generation.
   */
  embedWaiting(limit: number): ItemEmbedding[] {
    const serving = this.#serving();
    if (serving === undefined) return [];
    const { catalogue, neighbourhoods } = this.#sources;
    if (serving.generation !== this.#generation) {
      this.#generation = serving.generation;
      for (const itemId of catalogue.itemIds()) this.#waiting.add(itemId);
    }
    const embeddings: ItemEmbedding[] = [];
    for (const itemId of this.#waiting) {
      if (embeddings.length === limit) break;
      if (this.#isDue(serving, itemId)) embeddings.push(this.#embed(serving, itemId));
      // The action that noted this item may not be in the graph yet.
      else if (!neighbourhoods.isUpToDate) continue;
      this.#waiting.delete(itemId);
    }
    return embeddings;
  }

  #serving(): Serving | undefined {
    const { latents, models, releases } = this.#sources;
    const generation = releases.active()?.generation;
    if (generation === undefined) return undefined;
    const model = models.get(generation);
    return model && { ...model, generation, latents: latents.get(generation) };
  }

  #isDue({ generation }: Serving, itemId: string): boolean {
    const { catalogue, embedded, neighbourhoods } = this.#sources;
    if (!catalogue.has(itemId)) return false;
    const known = embedded.get(generation, itemId);
    if (known === undefined) return true;
    if (known.basis === null) return false;
    if (known.basis.content !== catalogue.contentOf(itemId)) return true;
    if (known.origin === 'trained') return false;
    return doublings(neighbourhoods.degree(itemId)) > doublings(known.basis.degree);
  }

  /** A trained item keeps place, degree and neighbourhood of its training; a new one has no place, and the degree and neighbourhood of the live graph. */
  #embed(serving: Serving, itemId: string): ItemEmbedding {
    const { catalogue, embedded, neighbourhoods } = this.#sources;
    const { generation, weights, layout, latents } = serving;
    const trained = latents?.trained(itemId);
    const degree =
      trained === undefined
        ? neighbourhoods.degree(itemId)
        : (embedded.get(generation, itemId)?.basis?.degree ?? 0);
    const features = catalogue.features(itemId, degree, layout);
    if (trained?.place.length === layout.structure) features.set(trained.place);
    const neighbours =
      trained ?? neighbourhoods.of(itemId, (neighbour) => latents?.of(neighbour) !== undefined);
    const vector = embedNew(weights, features, joinLatents(serving, neighbours));
    const origin: EmbeddingOrigin = trained === undefined ? 'inductive' : 'trained';
    const basis = { content: catalogue.contentOf(itemId), degree };
    return { generation, itemId, vector: encodeVector(vector), origin, basis };
  }
}

/** The neighbours whose latents are known. Their importances need not sum to 1, because the pooling normalises them. */
function joinLatents(
  { weights, latents }: Serving,
  neighbours: ItemNeighbours | undefined,
): NewItemNeighbours {
  const { layers, hidden } = weights.shape;
  const known = (neighbours?.itemIds ?? []).flatMap((itemId, rank) => {
    const ofItem = latents?.of(itemId);
    return ofItem === undefined ? [] : [{ latents: ofItem, importance: neighbours!.importance[rank]! }];
  });
  const joined = Array.from({ length: layers }, (_, layer) => {
    const rows = new Float32Array(known.length * hidden);
    for (const [rank, { latents: ofItem }] of known.entries()) rows.set(ofItem[layer]!, rank * hidden);
    return rows;
  });
  return { importance: known.map(({ importance }) => importance), latents: joined };
}

/** Number of binary digits: 0 for 0, 1 for 1, 2 for 2 and 3, 3 for 4 to 7 … */
function doublings(degree: number): number {
  return 32 - Math.clz32(degree);
}
