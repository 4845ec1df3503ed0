import { procrustesRotation, rotateRows } from '#algorithms/pinsage/align.ts';
import { buildGraph } from '#algorithms/pinsage/graph.ts';
import type { ItemContextGraph } from '#algorithms/pinsage/live-graph.ts';
import type { ActionColumns } from '#algorithms/pinsage/pairs.ts';
import { type SpectralBasis, spectralBasis, spectralPositions } from '#algorithms/pinsage/spectral.ts';
import type { Random } from '#algorithms/random.ts';
import { row } from '#algorithms/vectors.ts';

/** Items whose places are known in other coordinates. */
export interface PlaceAnchors {
  /** Item indices. */
  readonly items: Int32Array;
  /** items.length × structure. */
  readonly places: Float32Array;
}

export interface Placer {
  /** A copy of the features with each item's place by these actions in its leading columns. */
  place(features: Float32Array, actions: ActionColumns): Float32Array;
}

/**
 * Positions of items in the graph of users and items. They add what the context graph lacks: contexts link items bought
 * together, users link items liked by the same people. Coordinates come from `actions`
 * alone, which also name all users that count; places of later actions are in the same coordinates.
 *
 * The order and the rotation of the coordinates differ from one training to the next, although their span hardly
 * changes. `anchors` of another training rotate them to its coordinates (decision 0017).
 */
export function createPlacer(
  actions: ActionColumns,
  { itemCount, structure }: { readonly itemCount: number; readonly structure: number },
  random: Random,
  anchors?: PlaceAnchors,
): Placer {
  const graph = takers(actions, itemCount);
  const own = structure === 0 ? undefined : spectralBasis(graph, structure, random);
  const basis = own === undefined || anchors === undefined ? own : aligned(own, graph, anchors);
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

function aligned(
  basis: SpectralBasis,
  graph: ItemContextGraph,
  { items, places }: PlaceAnchors,
): SpectralBasis {
  const here = rowsAt(spectralPositions(graph, basis), items, basis.dim);
  const rotation = procrustesRotation(here, places, basis.dim);
  return { ...basis, contexts: rotateRows(basis.contexts, rotation, basis.dim) };
}

/** The places alone, itemCount × structure, of features that they lead. */
export function placesOf(
  placed: Float32Array,
  { itemCount, structure }: { readonly itemCount: number; readonly structure: number },
): Float32Array {
  const places = new Float32Array(itemCount * structure);
  const width = placed.length / itemCount;
  for (let item = 0; item < itemCount; item++) {
    places.set(placed.subarray(item * width, item * width + structure), item * structure);
  }
  return places;
}

/** The places of the `count` items with the most actions, which change least from one training to the next. */
export function anchorsOf(
  placed: Float32Array,
  { itemCount, structure }: { readonly itemCount: number; readonly structure: number },
  actions: ActionColumns,
  count: number,
): PlaceAnchors {
  const popularity = new Int32Array(itemCount);
  for (const item of actions.item) popularity[item]!++;
  const byPopularity = Int32Array.from(popularity.keys()).sort(
    (a, b) => popularity[b]! - popularity[a]! || a - b,
  );
  const items = byPopularity.filter((item) => popularity[item]! > 0).slice(0, count);
  const places = new Float32Array(items.length * structure);
  const width = placed.length / itemCount;
  for (const [i, item] of items.entries()) {
    places.set(placed.subarray(item * width, item * width + structure), i * structure);
  }
  return { items, places };
}

function rowsAt(matrix: Float32Array, rows: Int32Array, width: number): Float32Array {
  const chosen = new Float32Array(rows.length * width);
  for (const [to, from] of rows.entries()) chosen.set(row(matrix, from, width), to * width);
  return chosen;
}

/** A copy of the features without places, as of items without an action. */
export function withoutStructure(features: Float32Array, width: number, structure: number): Float32Array {
  const bare = Float32Array.from(features);
  for (let start = 0; start < bare.length; start += width) bare.fill(0, start, start + structure);
  return bare;
}

/** Users stand for contexts. No degree is capped: each user adds a little to each of their items. */
function takers({ item, user, weight }: ActionColumns, itemCount: number): ItemContextGraph {
  return buildGraph({ item, context: user, weight }, { itemCount, maximumDegree: Number.POSITIVE_INFINITY });
}
