import { buildGraph } from '#algorithms/pinsage/graph.ts';
import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { spectralBasis, spectralPositions } from '#algorithms/pinsage/spectral.ts';
import type { Random } from '#algorithms/random.ts';
import { row } from '#algorithms/vectors.ts';

export interface Placer {
  /** A copy of the features with each item's place by these actions in its leading columns. */
  place(features: Float32Array, actions: ActionColumns): Float32Array;
}

/**
 * The places of items in the graph of users and what they took: what the graph of contexts cannot tell, since a
 * basket shows what goes together and a user's history what is liked by the same people. Coordinates come from `actions`
 * alone, which also name all users that count; places of later actions are in the same coordinates.
 */
export function createPlacer(
  actions: ActionColumns,
  { itemCount, structure }: { readonly itemCount: number; readonly structure: number },
  random: Random,
): Placer {
  const basis = structure === 0 ? undefined : spectralBasis(takers(actions, itemCount), structure, random);
  return {
    place: (features, later) => {
      const placed = Float32Array.from(features);
      if (basis === undefined) return placed;
      const positions = spectralPositions(takers(later, itemCount), basis);
      const width = features.length / itemCount;
      for (let item = 0; item < itemCount; item++) placed.set(row(positions, item, structure), item * width);
      return placed;
    },
  };
}

/** A copy of the features as of items that nobody took. */
export function withoutStructure(features: Float32Array, width: number, structure: number): Float32Array {
  const bare = Float32Array.from(features);
  for (let start = 0; start < bare.length; start += width) bare.fill(0, start, start + structure);
  return bare;
}

/** Users stand for contexts. No degree is capped: each user says a little about each of their items. */
function takers({ item, user, weight }: ActionColumns, itemCount: number): ItemContextGraph {
  return buildGraph({ item, context: user, weight }, { itemCount, maximumDegree: Number.POSITIVE_INFINITY });
}
