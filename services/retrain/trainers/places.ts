import { centreAndNormalise } from '#algorithms/vectors.ts';
import { PLACES } from '#artefacts/places.ts';
import type { Companion } from './companion.ts';

/**
 * The items' places among the users (spectral co-clustering), which PinSage has among its features, as a space of their own: centred,
 * because all places share a direction, which would make popular items near to everything. Nothing is left to be trained.
 */
export const placesCompanion: Companion = {
  model: PLACES,
  train({ trained, structure, itemCount }) {
    if (structure === 0) throw new Error('the items have no places: PinSage was trained without them');
    const units = Float32Array.from(trained.places);
    const isPlaced = Array.from({ length: itemCount }, (_, item) =>
      units.subarray(item * structure, (item + 1) * structure).some((one) => one !== 0),
    );
    centreAndNormalise(units, structure);
    // An item that nobody took has no place; centring would give it the opposite of the mean.
    isPlaced.forEach((placed, item) => {
      if (!placed) units.fill(0, item * structure, (item + 1) * structure);
    });
    return { tables: { units: { columns: structure, values: units } }, facts: { dimension: structure } };
  },
};
