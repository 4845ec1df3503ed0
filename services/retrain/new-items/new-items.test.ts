import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { embedNew } from '#algorithms/pinsage/embed.ts';
import { emptyNeighbourhoods } from '#algorithms/pinsage/walks.ts';
import { createRandom } from '#algorithms/random.ts';
import { putArtefact } from '#artefacts/artefact.testing.ts';
import { DecodedArtefacts } from '#artefacts/decoded.ts';
import { ArtefactReader } from '#artefacts/reader.ts';
import { ReleaseLedger } from '#contracts/domain/release-ledger.ts';
import type { Release } from '#contracts/generated/records.ts';
import { decodeVector } from '#contracts/vectors.ts';
import { ItemCatalogue } from '../log-state/catalogue.ts';
import { type EmbeddedItem, EmbeddedItemIds } from '../log-state/embedded-items.ts';
import {
  type Latents,
  type LatentTable,
  latentsArtefact,
  PINSAGE_LATENTS,
  PINSAGE_LATENTS_FORMAT,
} from '../log-state/pinsage-latents.ts';
import { someModel } from '../log-state/pinsage-model.testing.ts';
import { type Models, PINSAGE, PINSAGE_FORMAT, pinSageArtefact } from '../log-state/pinsage-model.ts';
import { someItem, someRelease } from '../records.testing.ts';
import { type NewItemSources, NewItems } from './new-items.ts';

const MODEL = someModel();

describe('new items', () => {
  let catalogue: ItemCatalogue;
  let embedded: EmbeddedItemIds;
  let latents: Latents;
  let artefacts: ArtefactReader;
  let models: Models;
  let releases: ReleaseLedger;
  /** Importance of each neighbour of an item in the graph. */
  let neighbours: Record<string, Record<string, number>>;
  let degrees: Record<string, number>;
  let isUpToDate: boolean;
  let newItems: NewItems;

  beforeEach(() => {
    catalogue = new ItemCatalogue();
    embedded = new EmbeddedItemIds();
    artefacts = new ArtefactReader({
      models: [PINSAGE, PINSAGE_LATENTS],
      log: { warn: assert.fail },
      now: () => 0,
    });
    models = new DecodedArtefacts(artefacts, PINSAGE_FORMAT, { warn: assert.fail });
    releases = new ReleaseLedger();
    latents = new DecodedArtefacts(artefacts, PINSAGE_LATENTS_FORMAT, { warn: assert.fail });
    neighbours = {};
    degrees = {};
    isUpToDate = true;
    newItems = new NewItems({ catalogue, embedded, latents, models, neighbourhoods: graph(), releases });
  });

  function graph(): NewItemSources['neighbourhoods'] {
    return {
      get isUpToDate() {
        return isUpToDate;
      },
      degree: (itemId) => degrees[itemId] ?? 0,
      of(itemId, knows) {
        const known = Object.entries(neighbours[itemId] ?? {}).filter(([neighbour]) => knows(neighbour));
        if (known.length === 0) return undefined;
        return {
          itemIds: known.map(([neighbour]) => neighbour),
          importance: Float32Array.from(known, ([, importance]) => importance),
        };
      },
    };
  }

  /** Writes the latents of a generation: random numbers, and only the given neighbours. */
  async function infer(
    generation: string,
    itemIds: readonly string[],
    change: Partial<LatentTable> = {},
  ): Promise<LatentTable> {
    const { layers, hidden } = MODEL.weights.shape;
    const random = createRandom('latents');
    const table = {
      itemIds,
      places: new Float32Array(itemIds.length * MODEL.layout.structure),
      latents: Array.from({ length: layers }, () =>
        Float32Array.from({ length: itemIds.length * hidden }, () => random.next()),
      ),
      neighbourhoods: emptyNeighbourhoods(itemIds.length, 1),
      ...change,
    };
    await putArtefact(artefacts, latentsArtefact(generation, table, null));
    return table;
  }

  function arrive(...itemIds: string[]): void {
    for (const itemId of itemIds) {
      catalogue.apply(itemId, someItem(itemId));
      newItems.note(itemId);
    }
  }

  function trainedOn(itemId: string): EmbeddedItem {
    return { origin: 'trained', basis: { content: catalogue.contentOf(itemId), degree: 3 } };
  }

  function declare(generation: string, state: Release['state']): void {
    releases.declare(generation, someRelease(generation, state));
  }

  async function train(generation: string): Promise<void> {
    await putArtefact(artefacts, pinSageArtefact(generation, MODEL, null));
  }

  /** Embeds waiting items and reads their embeddings back. @returns their keys */
  function embed(limit = 100): string[] {
    return newItems.embedWaiting(limit).map((embedding) => {
      const key = `${embedding.generation}/${embedding.itemId}`;
      embedded.apply(key, embedding);
      return key;
    });
  }

  it('new items wait for an active generation and for its weights', async () => {
    arrive('tea');
    assert.deepEqual(embed(), []);
    declare('g1', 'ready');
    await train('g1');
    assert.deepEqual(embed(), [], 'not active');
    declare('g2', 'active');
    assert.deepEqual(embed(), [], 'no weights');
    await train('g2');
    assert.deepEqual(embed(), ['g2/tea']);
    assert.deepEqual(embed(), [], 'once');
  });

  it('a new item gets the vector of its content in the model', async () => {
    arrive('tea');
    declare('g1', 'active');
    await train('g1');
    const [embedding] = newItems.embedWaiting(1);
    assert.equal(embedding?.origin, 'inductive');
    assert.deepEqual(
      decodeVector(embedding.vector, MODEL.weights.shape.dim),
      embedNew(MODEL.weights, catalogue.features('tea', 0, MODEL.layout)),
    );
  });

  it('an item with an embedding in the generation is not new', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('tea', 'nail');
    embedded.apply('g1/tea', { origin: 'trained', basis: null });
    assert.deepEqual(embed(), ['g1/nail']);
    arrive('tea', 'nail');
    assert.deepEqual(embed(), [], 'what is told again is the same');
  });

  it('a withdrawn item is not embedded', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('tea');
    catalogue.apply('tea', null);
    newItems.note('tea');
    assert.deepEqual(embed(), []);
  });

  it('new items are embedded a few at a time', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('a', 'b', 'c');
    assert.deepEqual([embed(2), embed(2), embed(2)], [['g1/a', 'g1/b'], ['g1/c'], []]);
  });

  it('an item that came during a training is embedded in its generation too', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('trained');
    assert.deepEqual(embed(), ['g1/trained']);
    declare('g2', 'building');
    arrive('late');
    assert.deepEqual(embed(), ['g1/late']);
    embedded.apply('g2/trained', trainedOn('trained'));
    await train('g2');
    declare('g2', 'active');
    declare('g1', 'retired');
    assert.deepEqual(embed(), ['g2/late']);
  });

  it('new items are embedded in the generation after a rollback', async () => {
    await train('g1');
    await train('g2');
    declare('g1', 'retired');
    declare('g2', 'active');
    arrive('tea');
    assert.deepEqual(embed(), ['g2/tea']);
    declare('g1', 'active');
    declare('g2', 'rejected');
    assert.deepEqual(embed(), ['g1/tea']);
  });

  it('new items wait if the weights of the generation after a rollback are gone', async () => {
    await train('g2');
    declare('g2', 'active');
    arrive('tea');
    declare('g1', 'active');
    declare('g2', 'rejected');
    assert.deepEqual(embed(), []);
    await train('g3');
    declare('g3', 'active');
    assert.deepEqual(embed(), ['g3/tea']);
  });

  it('a new item pools the latents of the neighbours that it has so far', async () => {
    declare('g1', 'active');
    await train('g1');
    const { latents: ofNailAndRope } = await infer('g1', ['nail', 'rope']);
    neighbours = { tea: { 'not trained': 0.5, nail: 0.3, rope: 0.2 } };
    degrees = { tea: 5 };
    arrive('tea');
    const [embedding] = newItems.embedWaiting(1);
    assert.deepEqual(embedding?.basis, { content: catalogue.contentOf('tea'), degree: 5 });
    assert.deepEqual(
      decodeVector(embedding.vector, MODEL.weights.shape.dim),
      embedNew(MODEL.weights, catalogue.features('tea', 5, MODEL.layout), {
        importance: Float32Array.of(0.3, 0.2),
        latents: ofNailAndRope,
      }),
    );
  });

  it('a new item is embedded again when its content changes', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('tea');
    assert.deepEqual(embed(), ['g1/tea']);
    catalogue.apply('tea', someItem('tea', { text: 'green', availability: 'unavailable' }));
    newItems.note('tea');
    assert.deepEqual(embed(), ['g1/tea']);
    catalogue.apply('tea', someItem('tea', { text: 'green', updatedAt: 5 }));
    newItems.note('tea');
    assert.deepEqual(embed(), [], 'whether it is available is not what it is like');
  });

  it('a new item is embedded again each time the number of its contexts has doubled', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('tea');
    assert.deepEqual(embed(), ['g1/tea']);
    const embeddedAt: number[] = [];
    for (let degree = 1; degree <= 20; degree++) {
      degrees.tea = degree;
      newItems.note('tea');
      if (embed().length > 0) embeddedAt.push(degree);
    }
    assert.deepEqual(embeddedAt, [1, 2, 4, 8, 16]);
  });

  it('a new item is checked again when the graph has caught up', async () => {
    declare('g1', 'active');
    await train('g1');
    arrive('tea');
    embed();
    isUpToDate = false;
    newItems.note('tea');
    assert.deepEqual(embed(), []);
    degrees.tea = 1;
    isUpToDate = true;
    assert.deepEqual(embed(), ['g1/tea']);
  });

  it('a trained item keeps place and neighbours when its content changes, and ignores actions of users', async () => {
    declare('g1', 'active');
    await train('g1');
    const { structure } = MODEL.layout;
    const place = Float32Array.from({ length: structure }, (_, i) => i / structure);
    const places = new Float32Array(2 * structure);
    places.set(place);
    const neighbourhoods = { size: 1, neighbours: Int32Array.of(1, -1), weights: Float32Array.of(1, 0) };
    const { latents: ofBoth } = await infer('g1', ['tea', 'nail'], { places, neighbourhoods });
    const nail = ofBoth.map((layer) => layer.subarray(MODEL.weights.shape.hidden));
    catalogue.apply('tea', someItem('tea'));
    embedded.apply('g1/tea', trainedOn('tea'));
    degrees.tea = 50;
    newItems.note('tea');
    assert.deepEqual(embed(), []);
    catalogue.apply('tea', someItem('tea', { text: 'green' }));
    newItems.note('tea');
    const [embedding] = newItems.embedWaiting(1);
    assert.equal(embedding?.origin, 'trained');
    assert.deepEqual(embedding.basis, { content: catalogue.contentOf('tea'), degree: 3 });
    const features = catalogue.features('tea', 3, MODEL.layout);
    features.set(place);
    assert.deepEqual(
      decodeVector(embedding.vector, MODEL.weights.shape.dim),
      embedNew(MODEL.weights, features, { importance: Float32Array.of(1), latents: nail }),
    );
  });
});
