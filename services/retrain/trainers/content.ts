import { centreAndNormalise } from '#algorithms/vectors.ts';
import { CONTENT } from '#artefacts/content.ts';
import type { Companion } from './companion.ts';

/**
 * The content of the items as a space: categories and attributes, text, and supplied vectors, as PinSage has them among its features,
 * centred. Nothing is left to be trained. An item of unknown content has no vector.
 */
export const contentCompanion: Companion = {
  model: CONTENT,
  train({ itemCount, features, layout: { structure, labels, words, vector } }) {
    const width = labels + words + vector;
    const all = features.length / itemCount;
    const units = new Float32Array(itemCount * width);
    const isKnown = new Uint8Array(itemCount);
    for (let item = 0; item < itemCount; item++) {
      const own = features.subarray(item * all + structure, item * all + structure + width);
      units.set(own, item * width);
      isKnown[item] = own.some((one) => one !== 0) ? 1 : 0;
    }
    if (!isKnown.includes(1)) throw new Error('nothing is known of the content of any item');
    centreAndNormalise(units, width);
    isKnown.forEach((known, item) => {
      if (known === 0) units.fill(0, item * width, (item + 1) * width);
    });
    const known = isKnown.reduce((sum, one) => sum + one, 0);
    return { tables: { units: { columns: width, values: units } }, facts: { dimension: width, known } };
  },
};
