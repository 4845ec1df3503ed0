import { centreAndNormalise } from '#algorithms/vectors.ts';
import { HYBRID } from '#artefacts/hybrid.ts';
import type { ItemPart } from '../training/hybrid/hybrid-graph.ts';
import type { Companion, CompanionInput } from './companion.ts';

/**
 * Hybrid vectors of the items (arXiv 1809.02130, 1809.02131): what users did, the text, categories with attributes, and the supplied
 * vectors, combined by attention and a small network, siamese on the items that one user took on one day. Items without actions
 * have vectors too.
 */
export const hybridCompanion: Companion = {
  model: HYBRID,
  async train(input) {
    // TensorFlow is loaded where a training runs only: the stage itself reads this file for the name.
    const { DEFAULT_HYBRID_CONFIG, trainHybrid } = await import('../training/hybrid/train-hybrid.ts');
    const { createDayPairs } = await import('../training/hybrid/day-pairs.ts');
    const { itemCount, actions, seed } = input;
    const popularity = new Int32Array(itemCount);
    for (const item of actions.item) popularity[item]!++;
    const parts = hybridParts(input);
    const pairs = createDayPairs(actions);
    const { dim } = DEFAULT_HYBRID_CONFIG;
    const { vectors, losses } = await trainHybrid(
      { itemCount, parts, pairs, popularity, seed },
      DEFAULT_HYBRID_CONFIG,
    );
    centreAndNormalise(vectors, dim);
    const facts = { losses, parts: parts.map(({ width }) => width) };
    return { tables: { units: { columns: dim, values: vectors } }, facts };
  },
};

/** What is known of the items, by part; a part of which nothing is known is left out. */
export function hybridParts({
  itemCount,
  features,
  layout,
  trained: { behaviour },
}: Pick<CompanionInput, 'itemCount' | 'features' | 'layout'> & {
  readonly trained: Pick<CompanionInput['trained'], 'behaviour'>;
}): ItemPart[] {
  const { structure, labels, words, vector } = layout;
  const blocks = [
    { name: 'labels', from: structure, width: labels },
    { name: 'text', from: structure + labels, width: words },
    { name: 'vector', from: structure + labels + words, width: vector },
  ];
  const all = features.length / itemCount;
  const parts = blocks.map(({ name, from, width }): ItemPart => {
    const values = new Float32Array(itemCount * width);
    for (let item = 0; item < itemCount; item++)
      values.set(features.subarray(item * all + from, item * all + from + width), item * width);
    return { name, width, values };
  });
  parts.unshift({ name: 'behaviour', width: behaviour.rank, values: behaviour.units });
  return parts.filter(({ values }) => values.some((one) => one !== 0));
}
