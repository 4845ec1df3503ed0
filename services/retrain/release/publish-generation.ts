import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { row } from '#algorithms/vectors.ts';
import { behaviourArtefact } from '#artefacts/behaviour.ts';
import { tablesArtefact } from '#artefacts/tables.ts';
import type { EmbeddingBasis } from '#contracts/generated/records.ts';
import { encodeVector } from '#contracts/vectors.ts';
import { latentsArtefact } from '../log-state/pinsage-latents.ts';
import { pinSageArtefact } from '../log-state/pinsage-model.ts';
import type { Snapshot } from '../log-state/snapshot.ts';
import type { TrainResult } from '../training/train.ts';
import type { Publisher } from './publisher.ts';

/** Embeddings that wait for the brokers at once. */
const PUBLISHED_AT_A_TIME = 5_000;

/**
 * Writes the embeddings of a generation, then the factors of behaviour, the companions, the latents that new items pool, and its weights: a reader that has
 * the weights has the latents too. An item whose embedding is the catalogue's mean has no
 * direction, and is left out.
 * @returns how many embeddings the generation has
 */
export async function publishGeneration(
  generation: string,
  { training: { itemIds, columns }, layout }: Snapshot,
  bases: readonly EmbeddingBasis[],
  { embeddings, weights, anchors, places, latents, neighbourhoods, behaviour, companions = [] }: TrainResult,
  publisher: Publisher,
): Promise<number> {
  const { dim } = weights.shape;
  let published = 0;
  for (let start = 0; start < itemIds.length; start += PUBLISHED_AT_A_TIME) {
    const some = itemIds.slice(start, start + PUBLISHED_AT_A_TIME).flatMap((itemId, place) => {
      const embedding = row(embeddings, start + place, dim);
      if (embedding.every((component) => component === 0)) return [];
      const vector = encodeVector(embedding);
      const basis = bases[start + place]!;
      return [publisher.embedding({ generation, itemId, vector, origin: 'trained', basis })];
    });
    await Promise.all(some);
    published += some.length;
  }
  const known = { itemIds: Array.from(anchors.items, (item) => itemIds[item]!), places: anchors.places };
  const model = { weights, layout, anchors: known };
  const trainedUpTo = newestOf(columns);
  const table = { itemIds, places, latents, neighbourhoods };
  if (behaviour !== undefined)
    await publisher.artefact(behaviourArtefact(generation, { itemIds, factors: behaviour }, trainedUpTo));
  for (const { model, tables, facts } of companions) {
    if (tables === undefined) continue;
    const card = JSON.stringify(facts);
    await publisher.artefact(tablesArtefact({ model, generation, itemIds, tables, card, trainedUpTo }));
  }
  await publisher.artefact(latentsArtefact(generation, table, trainedUpTo));
  await publisher.artefact(pinSageArtefact(generation, model, trainedUpTo));
  return published;
}

/** Event time of the newest action, ms; null where there is none. */
function newestOf({ at }: ActionColumns): number | null {
  return at.length === 0 ? null : at.reduce((newest, time) => Math.max(newest, time));
}
